/** Certificates and API keys that change while calls run: no call fails, and what does not work is not taken. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { BridgeProcess } from '../support/bridge-process.js';
import {
  createAuthority,
  credentialFolder,
  mountSecret,
  type Authority,
  type MountedSecret,
} from '../support/certificates.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import { eventually } from '../support/inspect.js';
import { openStage, type Stage } from '../support/stage.js';
import { assertEachCallOnce, startSteadyCalls, untilNothingIsOpen } from '../support/steady-calls.js';
import { startTlsFront, type TlsFront } from '../support/tls-front.js';

const STUCK_MS = 60_000;

/** Settings of both clusters at once. */
function ofBoth(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => [
      [`CLUSTER_A_${name}`, value],
      [`CLUSTER_B_${name}`, value],
    ]),
  );
}

const renewals = ({ logs }: BridgeProcess): number =>
  logs.filter(({ msg }) => msg === 'credentials renewed').length;

const refusals = ({ logs }: BridgeProcess, what: RegExp) =>
  logs.filter(({ code, why }) => code === 'CREDENTIALS_INVALID' && what.test(String(why)));

describe('certificates in mounted Secrets', () => {
  let stage: Stage;
  let authority: Authority;
  let successor: Authority;
  let secret: MountedSecret;
  let fronts: readonly TlsFront[];
  let bridges: readonly BridgeProcess[];

  const files = async (name: string, signer: Authority, ca: string) => {
    const { cert, key } = await signer.sign({ name });
    return { 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca };
  };
  const serverOf = (signer: Authority) => signer.sign({ name: 'front', serves: ['temporal.test'] });
  /** Every process has put new credentials in force on both clusters this often. */
  const renewed = (times: number) =>
    eventually(`${times} renewals`, () => bridges.every((bridge) => renewals(bridge) === 2 * times));
  /** Workers and clients of both processes are connected under this name. */
  const connectedAs = (name: string) =>
    eventually(`connections of ${name}`, () => fronts.every((front) => front.openOf(name) >= 3));

  /** Every process says so of each cluster; that it does so once is seen at the end. */
  const toldOnce = (what: RegExp) =>
    eventually(`${what} is told`, () => bridges.every((bridge) => refusals(bridge, what).length === 2));

  before(async () => {
    stage = await openStage();
    authority = await createAuthority('first authority');
    successor = await createAuthority('second authority');
    secret = await mountSecret(await files('one', authority, authority.cert));
    const options = { server: await serverOf(authority), clientCa: authority.cert };
    const { a, b } = stage.clusters;
    fronts = await Promise.all([a, b].map(({ address }) => startTlsFront(address, options)));
    const [frontA, frontB] = fronts;
    const env = {
      ...ofBoth({
        TLS_SERVER_NAME: 'temporal.test',
        TLS_CA_FILE: secret.path('ca.crt'),
        TLS_CERT_FILE: secret.path('tls.crt'),
        TLS_KEY_FILE: secret.path('tls.key'),
      }),
      CLUSTER_A_HOST: frontA?.address ?? '',
      CLUSTER_B_HOST: frontB?.address ?? '',
      BRIDGE_CREDENTIALS_REFRESH: '1s',
    };
    bridges = await Promise.all(
      (['caller', 'handler'] as const).map((role) => stage.bridgeProcess(role, env)),
    );
    await stage.targets();
  });
  after(async () => {
    await stage.close();
    await Promise.all(fronts.map((front) => front.close()));
    await secret.remove();
  });

  it('are followed, client, server and CA, without a failed call', async () => {
    const calls = startSteadyCalls(stage.clusters, 'rotation');
    await connectedAs('one');
    await secret.put(await files('two', authority, authority.cert));
    await renewed(1);
    await connectedAs('two');

    // A key that does not belong to its certificate is not taken.
    const [good, other] = [
      await files('three', authority, authority.cert),
      await authority.sign({ name: 'x' }),
    ];
    await secret.put({ ...good, 'tls.key': other.key });
    await toldOnce(/^CLUSTER_[AB]_TLS_KEY_FILE: .*does not belong to the client certificate/);

    // Neither is a CA with which no connection comes about: the server's certificate is of the old one.
    await secret.put({ ...good, 'ca.crt': successor.cert });
    await toldOnce(/^the new ones do not work: .*signed by no CA/);
    for (const bridge of bridges) assert.equal(renewals(bridge), 2);

    // The order in which a CA is replaced: both are trusted, then servers and clients change, then the old one goes.
    const both = `${authority.cert}${successor.cert}`;
    await secret.put(await files('four', authority, both));
    await renewed(2);
    for (const front of fronts) front.use({ server: await serverOf(successor), clientCa: both });
    await secret.put(await files('five', successor, successor.cert));
    await renewed(3);
    await connectedAs('five');
    // Who still works with an old certificate does not come back.
    for (const front of fronts) {
      front.use({ server: await serverOf(successor), clientCa: successor.cert });
      front.dropAllBut('five');
    }
    const madeBefore = calls.made.length;
    await eventually('calls after that', () => calls.made.length >= madeBefore + 20);

    const made = await calls.stop();
    await untilNothingIsOpen(stage.clusters, STUCK_MS);
    await assertEachCallOnce(stage.clusters, made);
    assert.ok(made.length >= 20, `${made.length} calls are no load`);
    for (const { logs } of bridges) {
      assert.deepEqual(
        logs.filter(({ msg }) => /worker waits|ended before/.test(msg)).map(({ msg }) => msg),
        [],
      );
      // Two problems, each told once for each cluster.
      assert.equal(logs.filter(({ msg }) => /^new credentials cannot be used/.test(msg)).length, 4);
      for (const { why } of logs) assert.doesNotMatch(String(why), /PRIVATE KEY-----/);
    }
  });
});

describe('an API key in a file', () => {
  it('is sent as a bearer token, and followed without a failed call', async () => {
    const stage = await openStage();
    const folder = await credentialFolder();
    const authority = await createAuthority('authority');
    const admitted = new Set(['Bearer key-1']);
    const seen = new Set<string>();
    const proxy = await startFaultProxy(stage.clusters.b.address, ({ authorization = '' }) => {
      seen.add(authorization);
      return admitted.has(authorization);
    });
    const server = await authority.sign({ name: 'front', serves: ['temporal.test'] });
    const front = await startTlsFront(proxy.address, { server });
    try {
      const env = {
        CLUSTER_B_HOST: front.address,
        CLUSTER_B_TLS_SERVER_NAME: 'temporal.test',
        CLUSTER_B_TLS_CA_FILE: await folder.write('ca.crt', authority.cert),
        CLUSTER_B_API_KEY_FILE: await folder.write('api-key', 'key-1\n'),
        BRIDGE_CREDENTIALS_REFRESH: '1s',
      };
      const bridge = await stage.bridgeProcess('both', env);
      await stage.targets();
      const calls = startSteadyCalls(stage.clusters, 'api-key');

      await folder.write('api-key', 'key-unknown');
      const refused = await bridge.logged(/^new credentials cannot be used, the old ones stay$/);
      assert.match(String(refused['why']), /not admitted/);
      assert.equal(renewals(bridge), 0);

      admitted.add('Bearer key-2');
      await folder.write('api-key', 'key-2');
      await eventually('the key is taken', () => renewals(bridge) === 1);
      // Polls that began with the old key have ended by then, or are let end: a server looks at a key at the start.
      seen.clear();
      await eventually('the worker polls with it', () => seen.has('Bearer key-2'));
      admitted.delete('Bearer key-1');

      const made = await calls.stop();
      await untilNothingIsOpen(stage.clusters, STUCK_MS);
      await assertEachCallOnce(stage.clusters, made);
      assert.equal(bridge.logs.filter(({ msg }) => /worker waits/.test(msg)).length, 0);
      for (const line of bridge.logs) assert.doesNotMatch(JSON.stringify(line), /key-[12]|key-unknown/);
      await bridge.stop();
    } finally {
      await stage.close();
      await front.close();
      await proxy.close();
      await folder.remove();
    }
  });
});
