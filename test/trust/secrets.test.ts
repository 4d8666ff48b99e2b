/** Private keys, API keys and payloads: where the bridge writes anything, none of them stands. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { createSealKeyPair } from '../../src/bridge/config/seal-keys.js';
import { spawnBridge, type BridgeProcess } from '../support/bridge-process.js';
import { cli } from '../support/cli.js';
import { bridgeEnv, requestFor, startCrossCluster } from '../support/harness.js';
import { eventually, remoteOf } from '../support/inspect.js';
import { healthUrl } from '../support/prometheus.js';
import { openStage, type Stage } from '../support/stage.js';

const LIMIT = { timeout: 120_000 };

/** A text that stands nowhere else. */
const canary = (name: string): string => `canary-${name}-${randomBytes(8).toString('hex')}`;

describe('no secret is written', () => {
  const pair = createSealKeyPair();
  const apiKeys = { a: canary('api-key-a'), b: canary('api-key-b') };
  const payload = canary('payload');
  /** The private key's own bytes, as its file has them. */
  const privateKey = pair.signingKeyPem.split('\n').filter((line) => line !== '' && !line.startsWith('-'));
  /** Key material: nowhere at all. */
  const credentials = [...privateKey, apiKeys.a, apiKeys.b];
  /** And what is not even to leave the histories, in which it belongs. */
  const everything = [...credentials, payload, Buffer.from(payload).toString('base64').slice(0, -4)];

  let stage: Stage;
  let folder: string;
  let receiver: Server;
  const spans: string[] = [];
  const bridges: BridgeProcess[] = [];
  let env: Record<'caller' | 'handler', Record<string, string>>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'secrets-'));
    const apiKeyFile = join(folder, 'api-key-b');
    await writeFile(apiKeyFile, apiKeys.b, { mode: 0o600 });
    receiver = createServer((request, response) => {
      void request.toArray().then((chunks) => {
        spans.push(Buffer.concat(chunks as Buffer[]).toString());
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    stage = await openStage();
    const common = bridgeEnv(stage.clusters, {
      env: {
        BRIDGE_DEV: '',
        BRIDGE_LOG_LEVEL: 'trace',
        BRIDGE_ALLOW_TARGETS: '*@targets',
        CLUSTER_A_TLS: 'false',
        CLUSTER_A_API_KEY: apiKeys.a,
        CLUSTER_B_TLS: 'false',
        CLUSTER_B_API_KEY_FILE: apiKeyFile,
        BRIDGE_FALLBACK_FIRST: '200ms',
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
    });
    env = {
      caller: {
        ...common,
        BRIDGE_ROLE: 'caller',
        BRIDGE_ALLOW_CALLERS: '*@*',
        BRIDGE_SEAL_SIGNING_KEY: pair.signingKeyPem,
      },
      handler: { ...common, BRIDGE_ROLE: 'handler', BRIDGE_SEAL_VERIFY_KEYS: pair.verifyKeyPem },
    };
    for (const role of ['caller', 'handler'] as const) bridges.push(await spawnBridge(role, env[role]));
    await Promise.all([...bridges.map((bridge) => bridge.ready()), stage.targets()]);
  }, LIMIT);
  after(async () => {
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    await stage.close();
    receiver.closeAllConnections();
    receiver.close();
    await rm(folder, { recursive: true, force: true });
  }, LIMIT);

  function assertNone(where: string, text: string, secrets: readonly string[]): void {
    assert.ok(text.length > 0, `${where} is there to be read`);
    for (const secret of secrets) {
      const at = text.indexOf(secret);
      assert.ok(at === -1, `${where} holds ${secret}: ${text.slice(Math.max(0, at - 300), at + 100)}`);
    }
  }

  const historyOf = async (handle: WorkflowHandle): Promise<string> => {
    const { events } = await handle.fetchHistory();
    return JSON.stringify(events, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    );
  };

  test('in logs, traces, metrics, health, histories and errors of calls of every end', LIMIT, async () => {
    const { clusters } = stage;
    const ended = await startCrossCluster(clusters, requestFor('Echo', [payload]));
    const result = (await ended.result()) as { result: unknown };
    assert.equal(result.result, payload, 'it did travel');
    const failed = await startCrossCluster(clusters, requestFor('Fail', [payload]));
    await assert.rejects(failed.result());
    const refused = await startCrossCluster(clusters, { ...requestFor('Echo', [payload]), timeout: 'soon' });
    await assert.rejects(refused.result());
    const denied = await startCrossCluster(clusters, {
      ...requestFor('Echo', [payload]),
      taskQueue: 'elsewhere',
    });
    await assert.rejects(denied.result());
    const waited = await startCrossCluster(clusters, requestFor('Gate', [payload]));
    const { target } = await remoteOf(clusters.b, waited.workflowId);
    await waited.cancel();
    await assert.rejects(waited.result());
    await eventually('spans have come', () => spans.join('').includes('temporal_bridge'));

    for (const bridge of bridges) {
      const role = bridges.indexOf(bridge) === 0 ? 'caller' : 'handler';
      const address = await healthUrl(bridge);
      for (const path of ['metrics', 'readyz', 'livez']) {
        const text = await (await fetch(`${address}/${path}`)).text();
        assertNone(`${role}'s /${path}`, text, everything);
      }
      assertNone(
        `the log of the ${role} side`,
        bridge.logs.map((line) => JSON.stringify(line)).join('\n'),
        everything,
      );
    }
    assertNone('what was traced', spans.join('\n'), everything);
    for (const caller of [ended, failed, refused, denied, waited])
      assertNone('a history on A', await historyOf(caller), credentials);
    for (const { workflowId } of [ended, failed, waited]) {
      const remote = await remoteOf(clusters.b, workflowId);
      for (const handle of [remote.wrapper, remote.target])
        assertNone('a history on B', await historyOf(handle), credentials);
    }
    assert.ok(target.workflowId);
  });

  for (const role of ['caller', 'handler'] as const)
    for (const args of [
      ['config'],
      ['config', '--json'],
      ['doctor'],
      ['doctor', '--json'],
      ['calls', 'list'],
    ])
      test(`in what \`${args.join(' ')}\` prints on the ${role} side`, LIMIT, async () => {
        const { out, err } = await cli(args, env[role]);
        assertNone('the output', `${out}${err}`, everything);
      });

  for (const [what, wrong] of [
    ['a private key that is cut', { BRIDGE_SEAL_SIGNING_KEY: pair.signingKeyPem.slice(0, -20) }],
    ['a private key where public ones belong', { BRIDGE_SEAL_VERIFY_KEYS: pair.signingKeyPem }],
    ['an API key that cannot be sent', { CLUSTER_A_API_KEY: `${apiKeys.a}\u0007` }],
    ['an API key for a boolean', { CLUSTER_A_ALLOW_PLAINTEXT: 'yes please', CLUSTER_A_API_KEY: apiKeys.a }],
    ['an API key and its file', { CLUSTER_B_API_KEY: apiKeys.b }],
  ] as const)
    test(`in the error about ${what}`, LIMIT, async () => {
      const { exitCode, out, err } = await cli(['config'], { ...env.caller, ...wrong });
      assert.equal(exitCode, 2);
      assertNone('the error', `${out}${err}`, everything);
    });
});
