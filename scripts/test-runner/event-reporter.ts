import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import type { TestEventRecord } from './test-events.js';

/** Where the test runner reads: see `run-test-file.ts`. */
const EVENTS_FD = 3;

interface ReporterEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly nesting?: number;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly details?: {
      readonly type?: string;
      readonly duration_ms?: number;
      readonly error?: { readonly failureType?: string; readonly cause?: unknown };
    };
  };
}

// The runner asks a process that does not end by itself what keeps it.
process.on('SIGUSR2', () => {
  process.stderr.write(`still active: ${process.getActiveResourcesInfo().join(', ')}\n`);
});

/** A `node:test` reporter that writes each event of interest as a line of JSON, and nothing to stdout. */
export default async function* reportEvents(source: AsyncIterable<ReporterEvent>): AsyncGenerator<never> {
  for await (const event of source) {
    const record = toRecord(event);
    if (record !== undefined) write(record);
  }
  write({ kind: 'finished' });
  yield* [];
}

function write(record: TestEventRecord): void {
  writeSync(EVENTS_FD, `${JSON.stringify(record)}\n`);
}

function toRecord({ type, data }: ReporterEvent): TestEventRecord | undefined {
  const { name = '', nesting = 0, details } = data;
  switch (type) {
    case 'test:enqueue':
      return { kind: 'begun' };
    case 'test:pass':
    case 'test:fail': {
      const error = details?.error;
      return {
        kind: 'ended',
        name,
        nesting,
        isSuite: details?.type === 'suite',
        durationMs: details?.duration_ms ?? 0,
        isSkipped: isSet(data.skip) || isSet(data.todo),
        isFailed: type === 'test:fail',
        failureType: error?.failureType ?? '',
        error: error === undefined ? '' : inspect(error.cause ?? error, { depth: 5 }),
      };
    }
    default:
      return undefined;
  }
}

function isSet(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false;
}
