/** Log lines: their shape, their bounds, and that nothing handed to the logger can break it or leak through it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { LogFormat, LogLevel } from '../../src/bridge/config/settings.js';
import { createLogger, sdkLogger, type BridgeLogger } from '../../src/bridge/logger.js';

function logTo(level: LogLevel = 'trace', format: LogFormat = 'json', isTTY = false) {
  const lines: string[] = [];
  const log = createLogger({ level, format, destination: { write: (line) => lines.push(line), isTTY } });
  return { log, lines };
}

/** The record of the one line that `write` causes. */
function recordOf(write: (log: BridgeLogger) => void): Record<string, unknown> {
  const { log, lines } = logTo();
  write(log);
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

describe('createLogger', () => {
  it('writes one JSON object a line, with level, time, message and fields', () => {
    const { log, lines } = logTo();
    log.warn('start failed', { callId: 'c-1', attempt: 2, ok: false, none: null, absent: undefined });
    const { time, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(rest, {
      level: 'warn',
      callId: 'c-1',
      attempt: 2,
      ok: false,
      none: null,
      msg: 'start failed',
    });
    assert.ok(lines[0]?.endsWith('}\n'));
  });

  it('leaves out lines below its level', () => {
    const { log, lines } = logTo('warn');
    log.info('no');
    log.error('yes');
    assert.equal(lines.length, 1);
  });

  it('puts the fields of a child in front of each line, and lets the line override them', () => {
    const { log, lines } = logTo();
    const child = log.child({ sourceCluster: 'a', callId: 'x' }).child({ destinationCluster: 'b' });
    child.info('m', { callId: 'y', more: 1 });
    assert.match(
      lines[0] ?? '',
      /"sourceCluster":"a","callId":"y","destinationCluster":"b","more":1,"msg":"m"/,
    );
  });

  it('keeps its own names when a field has the same', () => {
    const record = recordOf((log) => {
      log.info('m', { level: 'x', time: 1, msg: 'y' });
    });
    assert.deepEqual([record['level'], record['msg']], ['info', 'm']);
    assert.deepEqual([record['level_'], record['time_'], record['msg_']], ['x', 1, 'y']);
  });

  it('tells of an error its type, code, message, first frames and cause', () => {
    const cause = new RangeError('inner');
    const error = Object.assign(new TypeError('outer', { cause }), { code: 'E_X' });
    const { err } = recordOf((log) => {
      log.error('m', { err: error });
    }) as { err: Record<string, unknown> };
    assert.deepEqual([err['type'], err['code'], err['message']], ['TypeError', 'E_X', 'outer']);
    assert.match(String(err['stack']), /logger\.test/);
    assert.equal((err['cause'] as Record<string, unknown>)['message'], 'inner');
  });

  it('shows neither payload bytes nor keys', () => {
    const record = recordOf((log) => {
      log.info('m', { data: Buffer.from('secret'), pem: '-----BEGIN PRIVATE KEY-----\nMC4C' });
    });
    assert.deepEqual([record['data'], record['pem']], ['[6 bytes]', '[key]']);
  });

  it('survives values that cannot be read', () => {
    const circle: Record<string, unknown> = {};
    circle['circle'] = circle;
    const proxy = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('no');
        },
      },
    );
    const nested = {
      get bad() {
        throw new Error('no');
      },
    };
    const { log, lines } = logTo();
    log.info('a', {
      circle,
      proxy,
      nested,
      map: new Map(),
      big: 10n,
      nan: NaN,
      fn: () => 1,
      date: new Date(NaN),
    });
    log.info('b', proxy);
    log.child(circle).info('c');
    assert.equal(lines.length, 3);
    const record = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.equal(record['proxy'], '[unreadable]');
    assert.deepEqual(record['nested'], { bad: '[unreadable]' });
    assert.deepEqual([record['map'], record['big'], record['nan']], ['[Map]', '10', 'NaN']);
  });

  it('cuts strings to 256 characters and escapes line ends, control and bidirectional characters', () => {
    const record = recordOf((log) => {
      log.info('a\nb', { long: 'x'.repeat(1_000), wild: '\u001b[31m\u202e\r\n' });
    });
    assert.equal(record['msg'], 'a\\nb');
    assert.equal(record['long'], `${'x'.repeat(256)}…(+744)`);
    assert.equal(record['wild'], '\\u{1b}[31m\\u{202e}\\r\\n');
  });

  it('keeps the fields that came first when a line grows too long, and says that it was cut', () => {
    const ids = { sourceCluster: 'a', callId: 'call-1' };
    const noise = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`field${String(i)}`, 'v'.repeat(300)]),
    );
    const record = recordOf((log) => {
      log.child(ids).info('m', noise);
    });
    assert.deepEqual([record['sourceCluster'], record['callId'], record['cut']], ['a', 'call-1', true]);
  });

  for (const format of ['json', 'pretty'] as const) {
    it(`writes exactly one line of 1 KiB at most for anything, as ${format}`, () => {
      fc.assert(
        fc.property(
          fc.string({ unit: 'binary', maxLength: 2_000 }),
          fc.dictionary(
            fc.string({ unit: 'binary', maxLength: 300 }),
            fc.anything({ withBigInt: true, maxDepth: 5 }),
          ),
          (message, fields) => {
            const { log, lines } = logTo('trace', format, true);
            log.error(message, fields);
            assert.equal(lines.length, 1);
            assert.match(lines[0] ?? '', /^[^\n]*\n$/);
            assert.ok(Buffer.byteLength(lines[0] ?? '') <= 1_024);
          },
        ),
        { numRuns: 300 },
      );
    });
  }

  it('is pretty by itself on a terminal only', () => {
    for (const [isTTY, start] of [
      [true, /^\[\d\d:\d\d:\d\d\.\d{3}\] /],
      [false, /^\{/],
    ] as const) {
      const { log, lines } = logTo('info', 'auto', isTTY);
      log.info('m', { a: 1 });
      assert.match(lines[0] ?? '', start);
    }
  });
});

describe('sdkLogger', () => {
  it("hands the SDK's lines over with level and fields, symbols left out", () => {
    const { log, lines } = logTo();
    const sdk = sdkLogger(log);
    sdk.log('WARN', 'one', { sdkComponent: 'core', [Symbol('time')]: 1n });
    for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const)
      sdk[level]('each', { taskQueue: 'q' });
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      records.map(({ level }) => level),
      ['warn', 'trace', 'debug', 'info', 'warn', 'error'],
    );
    assert.equal(records[0]?.['sdkComponent'], 'core');
    assert.equal(records[5]?.['taskQueue'], 'q');
  });
});
