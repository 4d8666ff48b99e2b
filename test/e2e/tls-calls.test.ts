/** Calls through two clusters that ask for client certificates, by the bridge's processes as they are run. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createAuthority,
  credentialFolder,
  type Authority,
  type CredentialFolder,
} from '../support/certificates.js';
import { cli, cliEnv } from '../support/cli.js';
import { eventually, isStartedEagerly } from '../support/inspect.js';
import { createSide, requestFor, startCrossCluster, startTargets } from '../support/harness.js';
import { openStage, type Stage } from '../support/stage.js';
import { startTlsFront, type TlsFront } from '../support/tls-front.js';

describe('clusters behind TLS with client certificates', () => {
  let stage: Stage;
  let authority: Authority;
  let folder: CredentialFolder;
  let fronts: { readonly a: TlsFront; readonly b: TlsFront };
  before(async () => {
    stage = await openStage();
    authority = await createAuthority('test authority');
    folder = await credentialFolder();
    const server = await authority.sign({ name: 'front', serves: ['temporal.test'] });
    const options = { server, clientCa: authority.cert };
    const { a, b } = stage.clusters;
    fronts = { a: await startTlsFront(a.address, options), b: await startTlsFront(b.address, options) };
    await folder.write('ca.crt', authority.cert);
    await stage.targets();
  });
  after(async () => {
    await stage.close();
    await Promise.all([fronts.a.close(), fronts.b.close()]);
    await folder.remove();
  });

  /** Settings of a process with a client certificate of its own. */
  async function mtlsEnv(client: string): Promise<Record<string, string>> {
    const { cert, key } = await authority.sign({ name: client });
    const [crt, keyPath] = [
      await folder.write(`${client}.crt`, cert),
      await folder.write(`${client}.key`, key),
    ];
    const of = (side: 'A' | 'B', address: string) => ({
      [`CLUSTER_${side}_HOST`]: address,
      [`CLUSTER_${side}_TLS_SERVER_NAME`]: 'temporal.test',
      [`CLUSTER_${side}_TLS_CA_FILE`]: folder.path('ca.crt'),
      [`CLUSTER_${side}_TLS_CERT_FILE`]: crt,
      [`CLUSTER_${side}_TLS_KEY_FILE`]: keyPath,
    });
    return { ...of('A', fronts.a.address), ...of('B', fronts.b.address) };
  }

  it('are called by two processes, one for each role, each with its own certificate', async () => {
    const processes = [
      await stage.bridgeProcess('caller', await mtlsEnv('bridge-caller')),
      await stage.bridgeProcess('handler', await mtlsEnv('bridge-handler')),
    ];
    const handle = await startCrossCluster(stage.clusters, requestFor('Echo', ['over TLS']));
    assert.equal(((await handle.result()) as { result: string }).result, 'over TLS');
    for (const front of [fronts.a, fronts.b])
      assert.deepEqual([...new Set(front.clients)].sort(), ['bridge-caller', 'bridge-handler']);
    const doctor = await cli(['doctor', '--json'], cliEnv(stage.clusters, await mtlsEnv('operator')));
    assert.equal(doctor.exitCode, 0, doctor.out);
    assert.match(doctor.out, /TLS; the server's certificate is for temporal\.test, until 20/);
    assert.match(doctor.out, /client certificate CN=operator, until 20/);
    for (const one of processes) assert.equal((await one.stop()).code, 0);
  });

  it('are called by one process of both roles, which starts wrappers eagerly, also on a connection that was replaced', async () => {
    const call = async (text: string): Promise<boolean> => {
      const handle = await startCrossCluster(stage.clusters, requestFor('Echo', [text]));
      assert.equal(((await handle.result()) as { result: string }).result, text);
      return await isStartedEagerly(stage.clusters.b, handle.workflowId);
    };
    const env = { ...(await mtlsEnv('bridge-both')), BRIDGE_CREDENTIALS_REFRESH: '1s' };
    const both = await stage.bridgeProcess('both', env);
    let n = 0;
    await eventually('a wrapper is started eagerly', () => call(`before ${(n += 1)}`));
    assert.ok(fronts.a.openOf('bridge-both') >= 2);
    const { cert, key } = await authority.sign({ name: 'renewed' });
    await folder.write('bridge-both.crt', cert);
    await folder.write('bridge-both.key', key);
    await eventually(
      'both clusters are reached with the new certificate',
      () => both.logs.filter(({ msg }) => msg === 'credentials renewed').length === 2,
    );
    await eventually('a wrapper is started eagerly again', () => call(`after ${(n += 1)}`));
    await eventually('client and worker have the new certificate', () => fronts.b.openOf('renewed') >= 2);
    assert.equal((await both.stop()).code, 0);
  });

  it('are reached by profiles of one file, also a cluster of the list', async (t) => {
    const eu = await createSide(stage.clusters.b);
    const targets = await startTargets(eu);
    t.after(async () => {
      await targets.stop();
      await eu.client.connection.close();
    });
    const { cert, key } = await authority.sign({ name: 'by-profile' });
    const [crt, keyPath] = [
      await folder.write('by-profile.crt', cert),
      await folder.write('by-profile.key', key),
    ];
    const { a, b } = stage.clusters;
    const profile = (name: string, address: string, namespace: string): string => `
      [profile.${name}]
      address = "${address}"
      namespace = "${namespace}"
      [profile.${name}.tls]
      server_name = "temporal.test"
      server_ca_cert_path = "${folder.path('ca.crt')}"
      client_cert_path = "${crt}"
      client_key_path = "${keyPath}"`;
    const toml = [
      profile('caller', fronts.a.address, a.namespace),
      profile('handler', fronts.b.address, b.namespace),
    ];
    // No host nor namespace by a variable: all is the profiles'.
    const unset = Object.fromEntries(
      ['A', 'B'].flatMap((side) => [
        [`CLUSTER_${side}_HOST`, ''],
        [`CLUSTER_${side}_NAMESPACE`, ''],
      ]),
    );
    const env = {
      ...unset,
      BRIDGE_PROFILES_FILE: await folder.write('temporal.toml', toml.join('\n')),
      CLUSTER_A_PROFILE: 'caller',
      CLUSTER_B_PROFILE: 'handler',
    };
    const processes = [
      await stage.bridgeProcess('caller', {
        ...env,
        BRIDGE_HANDLER_CLUSTERS: `eu=${fronts.b.address}/${eu.namespace}?queue=eu-handlers&profile=handler`,
      }),
      await stage.bridgeProcess('handler', env),
      await stage.bridgeProcess('handler', {
        ...env,
        CLUSTER_B_NAME: 'eu',
        CLUSTER_B_NAMESPACE: eu.namespace,
        BRIDGE_HANDLER_TASK_QUEUE: 'eu-handlers',
      }),
    ];
    for (const more of [{}, { cluster: 'eu' }]) {
      const handle = await startCrossCluster(stage.clusters, requestFor('Echo', ['by profile'], more));
      assert.equal(((await handle.result()) as { result: string }).result, 'by profile');
    }
    for (const front of [fronts.a, fronts.b]) assert.ok(front.openOf('by-profile') >= 2);
    for (const one of processes) assert.equal((await one.stop()).code, 0);
  });

  it('are told of beforehand when a client certificate will expire', async () => {
    const { cert, key } = await authority.sign({ name: 'short', days: 13 });
    const env = {
      ...(await mtlsEnv('short')),
      CLUSTER_B_TLS_CERT_FILE: await folder.write('short-b.crt', cert),
      CLUSTER_B_TLS_KEY_FILE: await folder.write('short-b.key', key),
      TEMPORAL_ADDRESS: 'elsewhere.example.com:7233',
    };
    const bridge = await stage.bridgeProcess('caller', env);
    const { cluster, setting, expires } = await bridge.logged(/^client certificate expires soon$/);
    assert.deepEqual([cluster, String(expires).slice(0, 2)], ['cluster-b', '20']);
    assert.equal(setting, 'CLUSTER_B_TLS_CERT_FILE and CLUSTER_B_TLS_KEY_FILE');
    const ignored = await bridge.logged(/^variables of the Temporal SDK are ignored$/);
    assert.deepEqual([ignored.level, ignored['variables']], ['warn', 'TEMPORAL_ADDRESS']);
    await bridge.stop();
    const { exitCode, out } = await cli(['doctor', '--before-start'], cliEnv(stage.clusters, env));
    assert.equal(exitCode, 0, out);
    assert.match(out, /client certificate CN=short, until 20.*: 12 days are left/);
    assert.match(out, /TEMPORAL_ADDRESS are ignored/);
    assert.doesNotMatch(out, /elsewhere/);
  });
});
