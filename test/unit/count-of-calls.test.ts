/** Counts of open calls: what one may take, and whose memos are read. The pages are given; `trust/caps` counts for real. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Payload } from '@temporalio/common';
import { pairKey, pairMemo, UNKNOWN_PAIR } from '../../src/bridge/caps/call-pair.js';
import type { CountTimes } from '../../src/bridge/caps/open-calls.js';
import { OpenCalls } from '../../src/bridge/caps/open-calls.js';
import { readPairs } from '../../src/bridge/caps/read-pairs.js';
import { COUNT_TIMEOUT_MS } from '../../src/shared/limits.js';
import { MEMO_CALL_PAIR } from '../../src/shared/names.js';
import { jsonPayload } from '../../src/shared/payloads.js';

const PAIR = { cluster: 'a', namespace: 'n', workflowType: 'T' };
const MEMO = jsonPayload(pairMemo(PAIR));
const RUNNING = 1;
const TIMES: CountTimes = { listMs: 8_000, decodeMs: 2_000 };
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

// What waits for a count keeps no process alive.
let alive: NodeJS.Timeout;
before(() => {
  alive = setInterval(() => undefined, 1_000);
});
after(() => clearInterval(alive));

/** What a cluster answers to a page, by its number. */
type Answer = (page: number) => Promise<{ executions: unknown[]; nextPageToken?: Uint8Array }>;

function openWrapper(workflowId: string, memo: Payload = MEMO) {
  return {
    execution: { workflowId },
    status: RUNNING,
    startTime: { seconds: 7, nanos: 0 },
    memo: { fields: { [MEMO_CALL_PAIR]: memo } },
  };
}

/** Open calls on a cluster of these pages: what is counted, the time each page was given, and the warnings. */
function counting(
  answer: Answer,
  times = TIMES,
  decode?: (payloads: readonly Payload[]) => Promise<Payload[]>,
) {
  const timeouts: number[] = [];
  const warnings: string[] = [];
  let page = 0;
  const cluster = {
    cluster: { namespace: 'b' },
    client: { workflowService: { listWorkflowExecutions: () => answer((page += 1)) } },
    codecs: decode && { decode },
    request: async (send: () => Promise<unknown>, timeoutMs: number) => {
      timeouts.push(timeoutMs);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('deadline exceeded')), timeoutMs);
      });
      return Promise.race([send(), late]).finally(() => clearTimeout(timer));
    },
  } as unknown as ConstructorParameters<typeof OpenCalls>[0];
  const open = new OpenCalls(cluster, { warn: (message) => void warnings.push(message) }, times);
  return {
    timeouts,
    warnings,
    /** The number of open calls of the pair. */
    count: (): Promise<number | undefined> => open.claim(pairKey(PAIR), 'asking', 0, { isFresh: true }),
  };
}

describe('a count of open calls', () => {
  it('ends where its time is over: what was listed counts, and that it was cut is said', async () => {
    const pages = (page: number) =>
      page < 3
        ? Promise.resolve({ executions: [openWrapper(`w${page}`)], nextPageToken: Buffer.from('next') })
        : never<never>();
    const { count, timeouts, warnings } = counting(pages, { ...TIMES, listMs: 200 });
    assert.equal(await count(), 2);
    assert.deepEqual(warnings, [
      'More calls are open than are counted: caps on calls in flight may be exceeded',
    ]);
    assert.equal(timeouts.length, 3);
    assert.ok(Math.max(...timeouts) <= 200, `${timeouts.join()}`);
  });

  it('fails where a page does that had its whole time', async () => {
    const pages = (page: number) =>
      page === 1
        ? Promise.resolve({ executions: [openWrapper('w')], nextPageToken: Buffer.from('next') })
        : Promise.reject(new Error('no visibility'));
    const { count, timeouts, warnings } = counting(pages);
    await assert.rejects(count(), /no visibility/);
    assert.deepEqual(timeouts, [COUNT_TIMEOUT_MS, COUNT_TIMEOUT_MS]);
    assert.deepEqual(warnings, ['Open calls cannot be counted; the last count holds']);
  });

  it('reads memos at one go, and each once', async () => {
    const batches: number[] = [];
    const decode = async (payloads: readonly Payload[]) => {
      batches.push(payloads.length);
      return [...payloads];
    };
    const ids = ['w1', 'w2', 'w3'];
    const pages = async () => ({ executions: ids.map((id) => openWrapper(id)) });
    const { count } = counting(pages, TIMES, decode);
    assert.equal(await count(), 3);
    ids.push('w4');
    assert.equal(await count(), 4);
    assert.equal(await count(), 4);
    assert.deepEqual(batches, [3, 1]);
  });

  it('goes on without memos that no codec answers for, and reads them at the next', async () => {
    let isUp = false;
    const decode = (payloads: readonly Payload[]) =>
      isUp ? Promise.resolve([...payloads]) : never<Payload[]>();
    const pages = async () => ({ executions: [openWrapper('w')] });
    const { count } = counting(pages, { ...TIMES, decodeMs: 50 }, decode);
    assert.equal(await count(), 0);
    isUp = true;
    assert.equal(await count(), 1);
  });
});

describe('memos of pairs', () => {
  it('count though one among them cannot be read', async () => {
    const bad = jsonPayload('bad');
    const decode = async (payloads: readonly Payload[]) => {
      if (payloads.includes(bad)) throw new Error('another key');
      return [...payloads];
    };
    const read = await readPairs([MEMO, undefined, bad, MEMO, MEMO], { decode }, 2_000);
    const pair = pairKey(PAIR);
    assert.deepEqual(read, [pair, UNKNOWN_PAIR, UNKNOWN_PAIR, pair, pair]);
  });
});
