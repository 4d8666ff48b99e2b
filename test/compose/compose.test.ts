/**
 * What a user does with docker-compose.yml, on a real engine: the demo, the published command from outside, traces, metrics,
 * a replica of each role killed and both clusters restarted in mid-call, and the end.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { typeArticleCommand } from '../../scripts/demo/article-call.js';
import { articleAnswer } from '../../scripts/demo/calls.js';
import { TEST_PROJECT } from '../../scripts/containers/leftovers.js';
import { findTraces } from '../../scripts/stack/jaeger-traces.js';
import { findTemporalCli } from '../../scripts/stack/temporal-cli.js';
import { orphansOf } from '../../scripts/stack/trace.js';
import { eventually } from '../support/inspect.js';
import { composeStack, type ComposeStack } from './compose-stack.js';

const LIMIT = { timeout: 5 * 60_000 };
const WITHIN_MS = 3 * 60_000;
const PROJECT = `${TEST_PROJECT}${process.pid}`;
/** Long enough for what is done to the stack meanwhile. */
const PACKING_MS = 15_000;

interface Target {
  readonly labels: { readonly job: string };
  readonly health: string;
  readonly lastError: string;
}

describe('docker compose', () => {
  let stack: ComposeStack;
  let a: Client;
  let b: Client;
  let made = 0;

  before(
    async () => {
      stack = await composeStack(PROJECT);
      await stack.compose('build');
      await stack.compose('up', '-d');
      await whenHealthy();
      [a, b] = await Promise.all([connect(stack.ports.DEMO_A_PORT), connect(stack.ports.DEMO_B_PORT)]);
    },
    { timeout: 20 * 60_000 },
  );
  after(async () => {
    for (const client of [a, b]) await (client as Client | undefined)?.connection.close();
    if (!(stack as ComposeStack | undefined)) return;
    await stack.compose('down', '--volumes', '--remove-orphans').catch(() => undefined);
    await stack
      .docker('image', 'rm', 'temporal-bridge:test', 'temporal-bridge-demo:test')
      .catch(() => undefined);
  }, LIMIT);

  async function connect(port: number): Promise<Client> {
    return new Client({ connection: await Connection.connect({ address: `127.0.0.1:${port}` }) });
  }

  async function whenHealthy(): Promise<void> {
    const expected = {
      'cluster-a': 1,
      'cluster-b': 1,
      'bridge-caller': 2,
      'bridge-handler': 2,
      shop: 1,
      warehouse: 1,
      jaeger: 1,
      prometheus: 1,
    };
    for (const [service, count] of Object.entries(expected))
      await eventually(
        `${count} of ${service} healthy`,
        async () => {
          const found = await stack.containers(service);
          return found.filter(({ health }) => health === 'healthy').length === count;
        },
        WITHIN_MS,
      );
  }

  /** Starts a call whose target takes {@link PACKING_MS}, and waits until it runs on B. */
  async function startSlowCall(): Promise<{ readonly caller: WorkflowHandle; readonly orderID: string }> {
    const orderID = `slow-${++made}`;
    const caller = await a.workflow.start('CrossClusterWorkflow', {
      taskQueue: 'bridge-queue',
      workflowId: orderID,
      args: [
        {
          workflowType: 'FulfillmentWorkflow',
          taskQueue: 'fulfillment-queue',
          args: [{ orderID, packingMs: PACKING_MS }],
        },
      ],
    });
    await eventually('the target runs on B', async () => (await targetsOf(orderID)).length > 0, WITHIN_MS);
    return { caller, orderID };
  }

  async function targetsOf(orderID: string): Promise<string[]> {
    const query = `WorkflowType = "FulfillmentWorkflow" AND WorkflowId STARTS_WITH "bridge-cluster-a-${orderID}-"`;
    const found: string[] = [];
    for await (const { status, runId } of b.workflow.list({ query })) found.push(`${status.name} ${runId}`);
    return found;
  }

  async function endWell(calls: readonly { caller: WorkflowHandle; orderID: string }[]): Promise<void> {
    for (const { caller, orderID } of calls) {
      const { result } = (await caller.result()) as { result: { orderID: string; status: string } };
      assert.deepEqual([result.orderID, result.status], [orderID, 'fulfilled']);
      assert.equal((await targetsOf(orderID)).length, 1, 'the target ran once');
      const { events } = await caller.fetchHistory();
      const signals = events?.filter((event) => event.workflowExecutionSignaledEventAttributes) ?? [];
      assert.equal(signals.length, 1, 'the answer came by signal');
    }
  }

  test('brings up two clusters of different releases', LIMIT, async () => {
    const versions = await Promise.all(
      [a, b].map(
        async ({ connection }) => (await connection.workflowService.getSystemInfo({})).serverVersion,
      ),
    );
    console.log(`server releases: A ${versions[0]}, B ${versions[1]}`);
    assert.equal(new Set(versions).size, 2);
  });

  test('keeps the clusters apart', LIMIT, async () => {
    const reach = (from: string, host: string): Promise<string> =>
      stack.compose(
        ...['exec', '-T', from, 'node', '-e'],
        `require('net').connect(7233,'${host}').on('connect',()=>process.exit()).on('error',(e)=>{console.log(e.code);process.exit()})`,
      );
    assert.equal(await reach('shop', 'cluster-a'), '');
    assert.match(await reach('shop', 'cluster-b'), /ENOTFOUND|EAI_AGAIN/);
    assert.match(await reach('warehouse', 'cluster-a'), /ENOTFOUND|EAI_AGAIN/);
  });

  test('runs the demo’s calls', LIMIT, async () => {
    const printed = await stack.compose('run', '--rm', 'demo');
    assert.match(
      printed,
      /4 calls: 4 starts on B, 4 signals on A, 0 reads on either; 4 of 4 answers came by the signal/,
    );
    assert.match(printed, /one tree/);
  });

  test('takes the published command from this machine', LIMIT, async () => {
    const cli = await findTemporalCli({ log: () => undefined });
    const { workflowId, runId } = await typeArticleCommand(cli, `127.0.0.1:${stack.ports.DEMO_A_PORT}`);
    const answer = articleAnswer(await a.workflow.getHandle(workflowId, runId).result());
    assert.equal((answer as { orderID: string }).orderID, '123');
  });

  test(
    'has both web UIs, and the traces of the calls in Jaeger, over both clusters and without a gap',
    LIMIT,
    async () => {
      const { ports } = stack;
      for (const port of [ports.DEMO_A_UI_PORT, ports.DEMO_B_UI_PORT])
        assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /<html/i);
      await eventually('the trace of the order', async () => {
        const queryUrl = `http://127.0.0.1:${ports.JAEGER_PORT}`;
        const [trace] = await findTraces(queryUrl, 'temporal-bridge-caller', {
          'temporal_bridge.caller.workflow_id': 'order-1001-fulfillment',
        });
        if (!trace || orphansOf(trace.spans).length > 0) return false;
        const services = new Set(trace.spans.map(({ service }) => service));
        return ['shop', 'temporal-bridge-caller', 'temporal-bridge-handler', 'warehouse'].every((one) =>
          services.has(one),
        );
      });
    },
  );

  test(
    'is watched by Prometheus: every replica and both servers are up, the rules are loaded',
    LIMIT,
    async () => {
      const api = `http://127.0.0.1:${stack.ports.PROMETHEUS_PORT}/api/v1`;
      const dataOf = async (path: string): Promise<unknown> =>
        ((await (await fetch(`${api}/${path}`)).json()) as { data: unknown }).data;
      await eventually('all targets are up', async () => {
        const { activeTargets } = (await dataOf('targets')) as { activeTargets: readonly Target[] };
        const up = activeTargets.filter(({ health }) => health === 'up').map(({ labels }) => labels.job);
        return (
          up.sort().join() ===
          'temporal,temporal,temporal-bridge,temporal-bridge,temporal-bridge,temporal-bridge'
        );
      });
      const { groups } = (await dataOf('rules')) as {
        groups: readonly { readonly rules: readonly { health: string }[] }[];
      };
      const rules = groups.flatMap((group) => group.rules);
      assert.ok(rules.length > 10);
      await eventually('bridge metrics have come', async () => {
        const { result } = (await dataOf('query?query=sum(bridge_calls_completed)')) as {
          result: readonly unknown[];
        };
        return result.length > 0;
      });
    },
  );

  test('loses no call when a replica of each role is killed', LIMIT, async () => {
    const calls = await Promise.all([startSlowCall(), startSlowCall(), startSlowCall(), startSlowCall()]);
    const [caller, handler] = await Promise.all([
      stack.containers('bridge-caller'),
      stack.containers('bridge-handler'),
    ]);
    await stack.docker('kill', caller[0]?.id ?? '', handler[0]?.id ?? '');
    const later = await Promise.all([startSlowCall(), startSlowCall()]);
    await endWell([...calls, ...later]);
    await stack.compose('up', '-d');
    await whenHealthy();
  });

  for (const [cluster, client] of [
    ['cluster-a', () => a],
    ['cluster-b', () => b],
  ] as const) {
    test(`loses no call when ${cluster} is restarted`, LIMIT, async () => {
      const calls = await Promise.all([startSlowCall(), startSlowCall()]);
      await stack.compose('restart', cluster);
      await eventually(`${cluster} answers`, () =>
        client()
          .connection.workflowService.getSystemInfo({})
          .then(
            () => true,
            () => false,
          ),
      );
      await endWell(calls);
      await whenHealthy();
    });
  }

  test('keeps keys and data over down and up', LIMIT, async () => {
    const call = await startSlowCall();
    await stack.compose('down');
    await stack.compose('up', '-d');
    await whenHealthy();
    await endWell([call]);
  });

  test('stops the bridge by a signal, drained', LIMIT, async () => {
    await stack.compose('stop', 'bridge-caller', 'bridge-handler');
    for (const service of ['bridge-caller', 'bridge-handler'])
      for (const { name, exitCode } of await stack.containers(service)) assert.equal(exitCode, 0, name);
    assert.match(await stack.compose('logs', 'bridge-caller', 'bridge-handler'), /"msg":"bridge stopped"/);
  });

  test('leaves nothing behind after down', LIMIT, async () => {
    await stack.compose('down', '--volumes');
    const ofProject = ['--quiet', '--filter', `label=com.docker.compose.project=${PROJECT}`];
    for (const kind of ['container', 'volume', 'network'])
      assert.equal(await stack.docker(kind, 'ls', ...ofProject), '', kind);
  });
});
