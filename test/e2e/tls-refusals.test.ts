/** Connections that cannot come about: the doctor, the log and the health say which of the many reasons it is. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createAuthority,
  credentialFolder,
  type Authority,
  type CertificateRequest,
  type CredentialFolder,
} from '../support/certificates.js';
import { cli, cliEnv } from '../support/cli.js';
import { eventually } from '../support/inspect.js';
import { openStage, type Stage } from '../support/stage.js';
import { startTlsFront, type TlsFront } from '../support/tls-front.js';

const SERVER: CertificateRequest = { name: 'front', serves: ['temporal.test', 'other.test'] };

describe('a connection to a cluster behind TLS', () => {
  let stage: Stage;
  let trusted: Authority;
  let stranger: Authority;
  let folder: CredentialFolder;
  let front: TlsFront;
  before(async () => {
    stage = await openStage();
    trusted = await createAuthority('trusted authority');
    stranger = await createAuthority('strange authority');
    folder = await credentialFolder();
    await folder.write('ca.crt', trusted.cert);
    await folder.write('stranger.crt', stranger.cert);
    front = await startTlsFront(stage.clusters.b.address, {
      server: await trusted.sign(SERVER),
      clientCa: trusted.cert,
    });
  });
  after(async () => {
    await stage.close();
    await front.close();
    await folder.remove();
  });

  /** Settings that are good but for what is given; `undefined` takes one away. */
  async function settings(
    broken: Readonly<Record<string, string | undefined>>,
    client = trusted.sign({ name: 'client' }),
  ): Promise<Record<string, string>> {
    const { cert, key } = await client;
    const all = {
      CLUSTER_B_HOST: front.address,
      CLUSTER_B_TLS_SERVER_NAME: 'temporal.test',
      CLUSTER_B_TLS_CA_FILE: folder.path('ca.crt'),
      CLUSTER_B_TLS_CERT_FILE: await folder.write('client.crt', cert),
      CLUSTER_B_TLS_KEY_FILE: await folder.write('client.key', key),
      ...broken,
    };
    return Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  }

  /** The doctor finds it, and so does the bridge, on its worker's connection and on its client's. */
  async function isRefused(
    env: Readonly<Record<string, string>>,
    reason: string,
    says: RegExp,
    remedy: RegExp,
  ): Promise<void> {
    const { exitCode, out } = await cli(['doctor', '--json', '--before-start'], cliEnv(stage.clusters, env));
    assert.equal(exitCode, 1, out);
    const { checks } = JSON.parse(out) as {
      checks: { where: string; what: string; found: string; remedy?: string }[];
    };
    const onB = checks.filter(({ where }) => where === 'cluster-b');
    assert.deepEqual(
      onB.map(({ what }) => what),
      ['reached'],
    );
    assert.match(onB[0]?.found ?? '', says);
    assert.match(onB[0]?.remedy ?? '', remedy);

    const bridge = await stage.bridge({ env, waitUntilReady: false });
    for (const message of [/^handler-side worker waits for cluster-b$/, /^no connection to cluster-b$/]) {
      const line = await eventually(`the bridge logs ${message}`, () =>
        bridge.logs.find(({ msg, level }) => message.test(msg) && level === 'error'),
      );
      assert.deepEqual([line['code'], line['reason']], ['TLS_FAILED', reason]);
    }
    await eventually('health says it', () =>
      bridge.health().problems.some((problem) => problem.startsWith('cluster-b at') && says.test(problem)),
    );
    await bridge.stop();
  }

  it('is there with all that is right', async () => {
    const { exitCode, out } = await cli(
      ['doctor', '--before-start'],
      cliEnv(stage.clusters, await settings({})),
    );
    assert.equal(exitCode, 0, out);
  });

  it('is refused if another CA signed the server’s certificate', async () => {
    await isRefused(
      await settings({ CLUSTER_B_TLS_CA_FILE: folder.path('stranger.crt') }),
      'wrong-ca',
      /cluster-b at 127\.0\.0\.1:\d+ is signed by no CA that is trusted here .*got one signed by CN=trusted authority/,
      /^set CLUSTER_B_TLS_CA_FILE to the CA that signed it$/,
    );
  });

  it('is refused if no CA is given that the system does not trust', async () => {
    await isRefused(
      await settings({ CLUSTER_B_TLS_CA_FILE: undefined }),
      'wrong-ca',
      /expected a CA that the system trusts, got one signed by CN=trusted authority/,
      /^set CLUSTER_B_TLS_CA_FILE/,
    );
  });

  it('is refused if the server has other names', async () => {
    await isRefused(
      await settings({ CLUSTER_B_TLS_SERVER_NAME: undefined }),
      'wrong-name',
      /is not for the name 127\.0\.0\.1; expected 127\.0\.0\.1, got only temporal\.test, other\.test/,
      /^set CLUSTER_B_TLS_SERVER_NAME to one of them, or correct the address$/,
    );
  });

  for (const [state, dates, reason, says] of [
    ['has expired', { days: -3 }, 'expired', /has expired; .* got one that held until 20\d\d-/],
    ['does not hold yet', { fromDays: 3 }, 'not-yet-valid', /does not hold yet; .* holds from 20\d\d-/],
  ] as const) {
    it(`is refused if the server’s certificate ${state}`, async () => {
      try {
        front.use({ server: await trusted.sign({ ...SERVER, ...dates }), clientCa: trusted.cert });
        await isRefused(await settings({}), reason, says, /clock of this host/);
      } finally {
        front.use({ server: await trusted.sign(SERVER), clientCa: trusted.cert });
      }
    });
  }

  it('is refused without a client certificate', async () => {
    await isRefused(
      await settings({ CLUSTER_B_TLS_CERT_FILE: undefined, CLUSTER_B_TLS_KEY_FILE: undefined }),
      'no-client-certificate',
      /asks for a client certificate, and none is given; .*got the alert certificate_required/,
      /^set CLUSTER_B_TLS_CERT_FILE and CLUSTER_B_TLS_KEY_FILE$/,
    );
  });

  it('is refused with a client certificate of a CA that the server does not know', async () => {
    await isRefused(
      await settings({}, stranger.sign({ name: 'client of strangers' })),
      'client-certificate-refused',
      /refuses the client certificate \(CN=client of strangers\)/,
      /^give CLUSTER_B_TLS_CERT_FILE and CLUSTER_B_TLS_KEY_FILE of that CA/,
    );
  });

  it('is refused with a client certificate that has expired', async () => {
    await isRefused(
      await settings({}, trusted.sign({ name: 'late client', days: -3 })),
      'client-certificate-expired',
      /refuses the client certificate \(CN=late client\), which has expired; .*until 20\d\d-/,
      /^renew CLUSTER_B_TLS_CERT_FILE/,
    );
  });

  it('is refused by TLS to a server that speaks plain text', async () => {
    await isRefused(
      await settings({ CLUSTER_B_HOST: stage.clusters.b.address }),
      'plain-text-server',
      /speaks plain text; expected TLS/,
      /CLUSTER_B_TLS to false/,
    );
  });

  it('is refused by plain text to a server that speaks TLS', async () => {
    await isRefused(
      { CLUSTER_B_HOST: front.address },
      'tls-server',
      /speaks TLS; expected plain text/,
      /^set CLUSTER_B_TLS to true$/,
    );
  });

  it('is not called refused if nobody answers', async () => {
    const env = await settings({ CLUSTER_B_HOST: '127.0.0.1:9', BRIDGE_RPC_TIMEOUT: '1s' });
    const { out } = await cli(['doctor', '--before-start'], cliEnv(stage.clusters, env));
    assert.match(out, /cluster-b cannot be reached at 127\.0\.0\.1:9/);
  });
});
