/** What the doctor makes of what it finds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { openReader } from '../../src/cli/cluster-reader.js';
import type { Check } from '../../src/cli/doctor/check.js';
import { runChecks } from '../../src/cli/doctor/check.js';
import { dateOf, judgeClock } from '../../src/cli/doctor/clock-check.js';
import { judgeRetention, judgeVersion } from '../../src/cli/doctor/cluster-checks.js';
import { encodingsOf, judgeEncodings } from '../../src/cli/doctor/codec-check.js';
import { judgePollers } from '../../src/cli/doctor/poller-checks.js';
import { reportLines, verdictOf } from '../../src/cli/doctor/report.js';
import { paletteFor } from '../../src/cli/text.js';

const HOUR = 3_600_000;
const NOW = 10_000_000;
const SKEW = 5_000;

describe('judgeVersion', () => {
  const cases = {
    '1.29.1': 'ok',
    '1.25.0': 'ok',
    'v1.30.0-rc.1': 'ok',
    '2.0.0': 'ok',
    '1.24.9': 'warning',
    '0.9': 'warning',
    '': 'note',
    gateway: 'note',
  };
  for (const [version, level] of Object.entries(cases)) {
    it(`takes "${version}" as ${level}`, () => {
      assert.equal(judgeVersion(version).level, level);
    });
  }
});

describe('judgeRetention', () => {
  const limits = { longestTimeoutMs: HOUR, fallbackMaxMs: HOUR };
  const cases: readonly (readonly [
    what: string,
    retentionMs: number,
    limits: typeof limits,
    level: string,
  ])[] = [
    ['for ever', 0, limits, 'ok'],
    ['just twice the longest time-out', 2 * HOUR, limits, 'ok'],
    ['less than that', 2 * HOUR - 1, limits, 'warning'],
    [
      'too short for looks that are far apart',
      HOUR,
      { longestTimeoutMs: 60_000, fallbackMaxMs: HOUR },
      'warning',
    ],
  ];
  for (const [what, retentionMs, of, level] of cases) {
    it(`takes ${what} as ${level}, with a remedy for a warning`, () => {
      const finding = judgeRetention(retentionMs, of);
      assert.equal(finding.level, level);
      assert.equal(finding.remedy !== undefined, level === 'warning');
    });
  }
});

describe('judgeClock', () => {
  const date = (offMs: number) => ({ date: { serverAt: NOW + offMs, hereAt: NOW + 500 } });
  const cases: readonly (readonly [
    what: string,
    signs: Parameters<typeof judgeClock>[0],
    level: string,
    found: RegExp,
  ])[] = [
    ['a date that agrees', date(0), 'ok', /^within 500ms of this machine’s$/],
    ['a date within the skew', date(4_000), 'ok', /^within/],
    ['a date that is ahead', date(60_000), 'warning', /1m ahead of/],
    ['a date that is behind', date(-60_000), 'warning', /1m behind/],
    ['a poller that was seen just now', { lastSeenAt: NOW - 30_000 }, 'note', /not far off/],
    ['a poller that was seen in the future', { lastSeenAt: NOW + 60_000 }, 'warning', /at least 1m ahead/],
    ['a poller that has gone', { lastSeenAt: NOW - 10 * 60_000 }, 'note', /cannot be told/],
    ['nothing at all', {}, 'note', /cannot be told/],
  ];
  for (const [what, signs, level, found] of cases) {
    it(`takes ${what} as ${level}`, () => {
      const finding = judgeClock(signs, SKEW, NOW);
      assert.equal(finding.level, level);
      assert.match(finding.found, found);
    });
  }
});

describe('dateOf', () => {
  const GET_SYSTEM_INFO = '/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo';
  const bytes = (value: Buffer) => value;

  /** A gateway: answers every request with nothing, beside the given headers. */
  async function openGateway(t: { after(hook: () => void): void }, headers: Record<string, string>) {
    const server = new Server();
    const method = {
      path: GET_SYSTEM_INFO,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    server.addService(
      { GetSystemInfo: method },
      {
        GetSystemInfo: (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
          const metadata = new Metadata();
          for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
          call.sendMetadata(metadata);
          reply(null, Buffer.alloc(0));
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const cluster = { name: 'g', side: 'A', address: `127.0.0.1:${port}`, namespace: 'n' } as const;
    const reader = openReader({ ...cluster, hostSetting: 'X', namespaceSetting: 'Y' }, 2_000);
    t.after(() => {
      server.forceShutdown();
      void reader.close();
    });
    return reader;
  }

  it('reads the date that a gateway sends', async (t) => {
    const reader = await openGateway(t, { date: 'Tue, 01 Jan 2030 00:00:00 GMT' });
    const date = await dateOf(reader);
    assert.equal(date?.serverAt, Date.UTC(2030, 0, 1));
    assert.equal(judgeClock({ ...(date ? { date } : {}) }, SKEW, Date.now()).level, 'warning');
  });

  it('does without a date that is none', async (t) => {
    assert.equal(await dateOf(await openGateway(t, { date: 'soon' })), undefined);
  });
});

describe('judgePollers', () => {
  const queue = { name: 'bridge-queue', role: 'caller', isOwn: true, beforeStart: false } as const;
  const at = (lastSeenAt: number) => ({
    pollers: [{ identity: '1@host', lastSeenAt }],
    backlog: 0,
    backlogAgeMs: 0,
  });
  const none = { pollers: [], backlog: 0, backlogAgeMs: 0 };
  const judge = (more: Partial<typeof queue>, workflow = at(NOW), activity = at(NOW)) =>
    judgePollers({ ...queue, ...more }, { workflow, activity }, SKEW, NOW);

  it('is content with pollers of both kinds, and counts processes once', () => {
    const finding = judge({});
    assert.deepEqual([finding.level, finding.found], ['ok', '1 process polls bridge-queue']);
  });

  it('fails if one kind is missing, with what waits', () => {
    const finding = judge({}, at(NOW), { ...none, backlog: 3 });
    assert.equal(finding.level, 'failure');
    assert.equal(finding.found, 'nobody polls bridge-queue for activity tasks; 3 activity tasks wait');
  });

  it('does not count who was seen too long ago', () => {
    const finding = judge({}, at(NOW - 200_000), at(NOW - 200_000));
    assert.equal(finding.level, 'failure');
    assert.match(finding.found, /the last one did 3m20s ago/);
  });

  it('warns of tasks that wait for long', () => {
    const finding = judge({}, { ...at(NOW), backlog: 12, backlogAgeMs: 90_000 });
    assert.equal(finding.level, 'warning');
    assert.match(finding.found, /12 workflow tasks wait, the oldest for 1m30s/);
  });
});

describe('encodings', () => {
  const of = (...encodings: string[]) => ({
    payloads: encodings.map((encoding) => ({
      metadata: { encoding: Buffer.from(encoding) },
      data: Buffer.from('secret'),
    })),
  });

  it('are read from the metadata alone, escaped, each once', () => {
    assert.deepEqual(encodingsOf(of('json/plain', 'json/plain', 'x\u001b')), ['json/plain', 'x\\u{1b}']);
    assert.deepEqual(encodingsOf({ payloads: [{ data: Buffer.from('x') }] }), ['none']);
    assert.deepEqual(encodingsOf(undefined), []);
  });

  it('that differ only in what every SDK writes are alike', () => {
    assert.equal(
      judgeEncodings({ sent: ['json/plain'], received: ['json/plain'], result: ['binary/null'] }).level,
      'ok',
    );
  });

  it('of a codec on one side only are a warning', () => {
    const finding = judgeEncodings({
      sent: ['json/plain'],
      received: ['json/plain'],
      result: ['binary/encrypted'],
    });
    assert.equal(finding.level, 'warning');
    assert.match(finding.found, /returned binary\/encrypted: the two sides encode differently/);
  });
});

describe('the verdict', () => {
  const check = (level: Check['level'], remedy?: string): Check => ({
    where: 'host',
    what: 'x',
    level,
    found: 'y',
    ...(remedy ? { remedy } : {}),
  });

  it('is not healthy with a failure, and healthy with warnings and notes', () => {
    assert.equal(verdictOf([check('ok'), check('note')]).verdict, 'healthy');
    assert.equal(verdictOf([check('warning')]).verdict, 'healthy with warnings');
    assert.equal(verdictOf([check('warning'), check('failure')]).verdict, 'not healthy');
  });

  it('stands below the findings, each with its remedy on the next line', () => {
    const checks = [check('ok'), check('failure', 'do this'), check('warning', 'and that')];
    const lines = reportLines([{ title: 'here', checks }], paletteFor({ write: () => true }));
    assert.deepEqual(lines, [
      'here',
      '  ✓ x — y',
      '  ✗ x — y',
      '      → do this',
      '  ! x — y',
      '      → and that',
      '',
      'not healthy: 1 failure, 1 warning',
    ]);
  });

  it('counts a check that threw as a failure, and does not throw', async () => {
    const checks = await runChecks('cluster-a', [
      { what: 'a', run: () => Promise.reject(new Error('boom')) },
      { what: 'b', run: () => Promise.resolve([{ what: 'b', level: 'ok', found: 'fine' }]) },
    ]);
    assert.deepEqual(
      checks.map(({ where, what, level, found }) => [where, what, level, found]),
      [
        ['cluster-a', 'a', 'failure', 'boom'],
        ['cluster-a', 'b', 'ok', 'fine'],
      ],
    );
  });
});
