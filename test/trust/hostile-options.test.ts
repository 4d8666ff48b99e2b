/**
 * Options of a target that a server would choke on, in envelopes that no library wrote: whoever writes the caller's
 * namespace can forge them. The wrapper must not be wedged by any, and the caller gets a typed error.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HostileStage } from '../support/hostile-stage.js';
import { openHostileStage } from '../support/hostile-stage.js';
import type { ForgedCall } from '../support/workflows/hostile-callers.js';

const LIMIT = { timeout: 120_000 };
const HUGE = Number.MAX_SAFE_INTEGER;
const YEAR_MS = 365 * 24 * 3_600_000;

const withOptions = (options: object): ForgedCall => ({ target: { options } });
const withRetry = (retry: object) => withOptions({ retry });
const withAttributes = (...searchAttributes: object[]) => withOptions({ searchAttributes });
const keyword = (value: unknown, name = 'HostileKeyword', type = 'KEYWORD') => ({ name, type, value });

/** What is refused, and what is said. */
const REFUSED: Readonly<Record<string, readonly [ForgedCall, RegExp]>> = {
  // Without its limit this one makes each workflow task of the wrapper time out.
  'a first retry interval of 285,000 years': [
    withRetry({ initialIntervalMs: HUGE }),
    /initialIntervalMs; expected a whole number of milliseconds, 0 to 31536000000/,
  ],
  'a longest retry interval of 285,000 years': [
    withRetry({ maximumIntervalMs: HUGE }),
    /maximumIntervalMs; expected/,
  ],
  'a retry interval of 0': [withRetry({ initialIntervalMs: 0 }), /initialInterval cannot be 0/],
  'retry intervals that cross': [
    withRetry({ initialIntervalMs: 2000, maximumIntervalMs: 1000 }),
    /maximumInterval cannot be less/,
  ],
  'a retry coefficient below 1': [
    withRetry({ backoffCoefficient: 0.5 }),
    /backoffCoefficient 0.5; expected at least 1/,
  ],
  'retry attempts beyond 32 bits': [withRetry({ maximumAttempts: 2 ** 31 }), /maximumAttempts 2147483648/],
  'no retry attempt at all': [withRetry({ maximumAttempts: 0 }), /maximumAttempts must be a positive/],
  'an unknown type of time-out': [
    withRetry({ nonRetryableErrorTypes: ['TemporalTimeout:Never'] }),
    /TemporalTimeout:Never/,
  ],
  'a run time-out of 285,000 years': [withOptions({ runTimeoutMs: HUGE }), /runTimeoutMs; expected/],
  'an execution time-out of 285,000 years': [
    withOptions({ executionTimeoutMs: HUGE }),
    /executionTimeoutMs; expected/,
  ],
  'a task time-out of 10 minutes': [withOptions({ taskTimeoutMs: 600_000 }), /taskTimeoutMs; expected/],
  'a call’s time-out of 285,000 years': [{ envelope: { timeoutMs: HUGE } }, /call\.timeoutMs; expected/],
  'looks without a pause': [
    { envelope: { fallback: { firstMs: 0, maxMs: 0 } } },
    /firstMs; expected .*100 to/,
  ],
  'looks that never come': [
    { envelope: { fallback: { firstMs: HUGE, maxMs: HUGE } } },
    /firstMs; expected .* to 3600000/,
  ],
  'a priority of 0': [withOptions({ priorityKey: 0 }), /priorityKey; expected/],
  'a priority beyond 32 bits': [withOptions({ priorityKey: 2 ** 31 }), /priorityKey; expected/],
  'an unknown search attribute': [withAttributes(keyword('x', 'Nope')), /no search attribute Nope/],
  'a search attribute __proto__': [
    withAttributes(keyword('x', '__proto__')),
    /no search attribute __proto__/,
  ],
  'a search attribute constructor': [
    withAttributes(keyword('x', 'constructor')),
    /no search attribute constructor/,
  ],
  'a search attribute of the server’s own': [
    withAttributes(keyword('x', 'WorkflowId')),
    /no search attribute WorkflowId/,
  ],
  'a search attribute of another type': [
    withAttributes(keyword(7, 'HostileKeyword', 'INT')),
    /is of type KEYWORD on cluster-b/,
  ],
  'a search attribute of 3 KiB': [withAttributes(keyword('x'.repeat(3072))), /at most 2048 bytes/],
  '101 search attributes': [
    withAttributes(...Array.from({ length: 101 }, () => keyword('x'))),
    /at most 100 objects/,
  ],
  'options that are a list': [{ target: { options: [] } }, /options; expected an object/],
  'a memo with 101 keys': [
    { envelope: { extras: { memo: Array.from({ length: 101 }, (_, n) => `k${n}`) } } },
    /memo; expected at most 100 texts/,
  ],
  'a memo key of 1,001 characters': [
    { envelope: { extras: { memo: ['k'.repeat(1001)] } } },
    /memo; expected/,
  ],
  'arguments that are references to external storage': [
    { metadata: { encoding: 'json/protobuf', messageType: 'temporal.api.sdk.v1.ExternalStorageReference' } },
    /payload 1 of 1 is a reference to external storage/,
  ],
};

/** What a server takes, odd as it is. */
const TAKEN: Readonly<Record<string, ForgedCall>> = {
  'the longest time-outs': {
    target: { options: { runTimeoutMs: YEAR_MS, executionTimeoutMs: YEAR_MS, taskTimeoutMs: 120_000 } },
    envelope: { timeoutMs: YEAR_MS },
  },
  'time-outs of 0': withOptions({ runTimeoutMs: 0, taskTimeoutMs: 0 }),
  'the longest retry intervals': withRetry({ initialIntervalMs: YEAR_MS, maximumIntervalMs: YEAR_MS }),
  'a retry coefficient beyond all bounds': withRetry({ backoffCoefficient: 1e300 }),
  'error types that are no names': withRetry({ nonRetryableErrorTypes: ['', '\0', '\u202e', '__proto__'] }),
  'the highest priority key': withOptions({ priorityKey: 2 ** 31 - 1 }),
  'a search attribute twice': withAttributes(keyword('x'), keyword('y')),
  'a search attribute with control characters': withAttributes(keyword('a\0b\u202e\u001b[31m')),
  'an empty search attribute': withAttributes(keyword('')),
  'a memo key twice': { envelope: { extras: { memo: ['a', 'a'] } }, args: 3 },
  'memo keys of prototypes': {
    envelope: { extras: { memo: ['__proto__', 'constructor', 'toString', ''] } },
    args: 5,
  },
  'a memo without its payloads': { envelope: { extras: { memo: ['a', 'b'] } }, args: 0 },
  'a memo of 1.9 MiB': { envelope: { extras: { memo: ['a', 'b', 'c'] } }, args: 3, argBytes: 660_000 },
  'a summary and details without their payloads': {
    envelope: { extras: { summary: true, details: true, token: true } },
    args: 0,
  },
  'a summary that is no text': { envelope: { extras: { summary: true } }, args: 1, argBytes: 10_000 },
  'details of 100 kB': { envelope: { extras: { details: true } }, args: 1, argBytes: 100_000 },
};

describe('a call with options of its own making', { concurrency: 6 }, () => {
  let hostile: HostileStage;
  before(async () => {
    hostile = await openHostileStage();
    const { namespace, client } = hostile.stage.clusters.b;
    await client.connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { HostileKeyword: 2 },
    });
  });
  after(() => hostile.closeSound());

  for (const [what, [call, says]] of Object.entries(REFUSED))
    test(`is refused with ${what}`, LIMIT, async () => {
      const { type, message } = await hostile.forge(call);
      assert.equal(type, 'INVALID_REQUEST', message);
      assert.match(message, says);
    });

  for (const [what, call] of Object.entries(TAKEN))
    test(`ends with ${what}`, LIMIT, async () => {
      assert.deepEqual(await hostile.forge(call), { type: 'completed', message: '' });
    });
});

describe('refusals of the caller side', () => {
  let hostile: HostileStage;
  before(async () => {
    hostile = await openHostileStage();
  });
  after(() => hostile.closeSound());

  test('are counted and logged once each', LIMIT, async () => {
    const refused = Object.values(REFUSED).filter(([, says]) => says.source.includes('expected'));
    const line = /^(?:Activity refused: its call cannot be made|Call refused)$/;
    for (const [call] of refused) await hostile.forge(call);
    const counted = await hostile.count('bridge_calls_refused', { reason: 'request-invalid' });
    const ended = await hostile.count('bridge_calls_completed', { outcome: 'refused', way: 'fallback' });
    assert.equal(hostile.lines(line), refused.length);
    assert.equal(counted + ended, refused.length);
  });
});
