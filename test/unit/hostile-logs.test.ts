/** Anything at all, handed to the log: one line of bounded length, in both forms. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createLogger } from '../../src/bridge/logger.js';
import { HOSTILE_TEXTS } from '../support/ambiguous.js';

const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }));

describe('anything at all', () => {
  for (const format of ['json', 'pretty'] as const)
    it(`is logged as one line of at most 1,024 bytes (${format}), whatever its fields are called`, () => {
      const names = fc.oneof(
        text,
        fc.constantFrom(
          ...Object.getOwnPropertyNames(Object.prototype),
          'stack',
          'type',
          'err',
          'name',
          'pid',
        ),
      );
      const lines: string[] = [];
      const log = createLogger({
        level: 'trace',
        format,
        destination: { isTTY: true, write: (line) => lines.push(line) },
      });
      const values = fc.oneof(text, fc.constantFrom('Error', 'a\nb'), fc.anything({ withBigInt: true }));
      fc.assert(
        fc.property(text, fc.array(fc.tuple(names, values), { maxLength: 12 }), (message, entries) => {
          lines.length = 0;
          log.warn(message, Object.fromEntries(entries));
          assert.equal(lines.length, 1);
          const [line = ''] = lines;
          assert.match(line, /^[^\n]*\n$/);
          assert.ok(Buffer.byteLength(line) <= 1_024, line);
          if (format === 'json') assert.equal(typeof JSON.parse(line), 'object');
        }),
        { numRuns: 1000 },
      );
      log.warn('m', { type: 'Error', stack: 'an\nerror', other: 1 });
      assert.match(lines.at(-1) ?? '', /^[^\n]*other[^\n]*\n$/);
      for (const name of Object.getOwnPropertyNames(Object.prototype)) log.warn('m', { [name]: 'v' });
    });
});
