import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConnections, parseCpuSeconds, parseResidentMiB } from '../../scripts/bench/processes.js';
import { parseRequests, splitPolls } from '../../scripts/bench/parked-requests.js';
import { readParkedSettings } from '../../scripts/bench/parked-settings.js';
import { inParallel, quantile, within } from '../../scripts/bench/parked-work.js';

describe('the settings of bench-parked', () => {
  it('are the defaults where nothing is given', () => {
    const defaults = { calls: 2_000, cache: 200, seconds: 60 };
    assert.deepEqual(readParkedSettings([]), defaults);
    assert.deepEqual(readParkedSettings(['--calls', '', '--cache', '', '--seconds', '']), defaults);
  });

  it('are what is given', () => {
    const given = ['--calls', '10000', '--cache', '1', '--seconds', '15'];
    assert.deepEqual(readParkedSettings(given), { calls: 10_000, cache: 1, seconds: 15 });
  });

  for (const text of ['1', '50001', '1.5', '1e3', 'many']) {
    it(`refuse ${text} calls`, () => {
      assert.throws(() => readParkedSettings(['--calls', text]), /calls: expected a whole number from 2/);
    });
  }
});

describe('what a process holds', () => {
  it('is read from its status, and from its stat whatever its name is', () => {
    assert.equal(parseResidentMiB('Name:\tnode\nVmRSS:\t  204800 kB\nThreads:\t11\n'), 200);
    assert.equal(parseResidentMiB('Name:\tgone\n'), undefined);
    const rest = `S 1 2 3 4 5 6 7 8 9 10 ${250} ${50} 0 0`;
    assert.equal(parseCpuSeconds(`42 (a) b (c) ${rest}`), 3);
  });

  it('counts its own established connections by the port of the other end', () => {
    const line = (port: string, state: string, inode: number): string =>
      `   0: 0100007F:9C40 0100007F:${port} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1`;
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      line('1C41', '01', 11),
      line('1C41', '01', 12),
      line('1C42', '01', 13),
      line('1C42', '06', 14),
      line('1C42', '01', 99),
    ].join('\n');
    assert.deepEqual(parseConnections(table, new Set(['11', '12', '13', '14'])), { 7233: 2, 7234: 1 });
  });
});

describe('requests of a server', () => {
  const sample = (metric: string, operation: string, count: number): string =>
    `${metric}{namespace="default",operation="${operation}",service_name="frontend"} ${count}`;
  const metrics = [
    sample('service_requests', 'PollWorkflowTaskQueue', 7),
    sample('service_requests', 'StartWorkflowExecution', 3),
    sample('service_requests', 'QueryWorkflow', 1),
    sample('service_latency_count', 'PollWorkflowTaskQueue', 5),
    sample('service_latency_count', 'StartWorkflowExecution', 3),
    sample('service_latency_sum', 'StartWorkflowExecution', 100),
  ].join('\n');

  it('are open from when they are counted until their latency is', () => {
    const { begun, open } = parseRequests(metrics);
    assert.deepEqual(begun, { PollWorkflowTaskQueue: 7, StartWorkflowExecution: 3, QueryWorkflow: 1 });
    assert.deepEqual(open, { PollWorkflowTaskQueue: 2, QueryWorkflow: 1 });
  });

  it('are polls of workers, or others', () => {
    const { begun } = parseRequests(metrics);
    assert.deepEqual(splitPolls({ ...begun, PollNexusTaskQueue: 1, PollWorkflowExecutionUpdate: 2 }), {
      polls: 8,
      others: { StartWorkflowExecution: 3, QueryWorkflow: 1, PollWorkflowExecutionUpdate: 2 },
    });
  });
});

describe('work side by side', () => {
  it('does each item once, and no more at a time than asked for', async () => {
    const done: number[] = [];
    let busy = 0;
    let most = 0;
    await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      most = Math.max(most, (busy += 1));
      await new Promise((resolve) => setImmediate(resolve));
      busy -= 1;
      done.push(item);
    });
    assert.deepEqual(done.sort(), [1, 2, 3, 4, 5, 6, 7]);
    assert.equal(most, 3);
  });

  it('begins nothing more after a failure', async () => {
    const begun: number[] = [];
    const work = inParallel([1, 2, 3, 4], 1, async (item) => {
      begun.push(item);
      if (item === 2) throw new Error('second');
    });
    await assert.rejects(work, /second/);
    assert.deepEqual(begun, [1, 2]);
  });

  it('is given up with a clear error', async () => {
    const never = new Promise<never>(() => undefined);
    await assert.rejects(
      within(() => 'making 9 calls', 1, never),
      /^Error: making 9 calls: given up after 1 min$/,
    );
    assert.equal(await within(() => 'quick', 60_000, Promise.resolve('done')), 'done');
  });

  it('has quantiles that are values of its own', () => {
    const values = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
    assert.deepEqual(
      [0, 0.5, 0.9, 1].map((share) => quantile(values, share)),
      [10, 50, 90, 100],
    );
    assert.equal(quantile([5], 0.5), 5);
  });
});
