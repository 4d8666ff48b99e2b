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
import { requestFor, startCrossCluster } from '../support/harness.js';
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

  it('are called by one process of both roles, which starts wrappers eagerly on its worker', async () => {
    const both = await stage.bridgeProcess('both', await mtlsEnv('bridge-both'));
    const handle = await startCrossCluster(stage.clusters, requestFor('Echo', ['again']));
    assert.equal(((await handle.result()) as { result: string }).result, 'again');
    assert.ok(fronts.a.openOf('bridge-both') >= 2);
    assert.ok(fronts.b.openOf('bridge-both') >= 2);
    await both.stop();
  });
});
