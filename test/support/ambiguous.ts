/** Generators of texts that are hard to tell apart, for the tests of ids. */
import fc from 'fast-check';

/** What joined texts can be confused by. */
export const SEPARATORS = ['', '-', ':', '\0', '\0\0\0\u0001', '1', '\n', '_', '%', '\\'] as const;

/** Characters that a naive id would trip over. */
export const HOSTILE_TEXTS = [
  '\0',
  'a\nb',
  '\u202eabc',
  'e\u0301',
  '\u00e9',
  '\u{1f600}',
  '../../etc/passwd',
  'a/b?c#d',
  '__proto__',
  'constructor',
  'toString',
  '-',
  ':',
  '4',
  ' ',
  'x'.repeat(300),
] as const;

const piece = fc.oneof(
  fc.constantFrom('', 'a', 'b', '-', ':', '\0', '1', '2', '\0\0\0\u0001', ...HOSTILE_TEXTS),
  fc.string({ maxLength: 4 }),
);

/** A pair of different lists of texts that were built to be mistaken for each other. */
export type Pair<T> = readonly [T, T];

/**
 * One list of pieces in `groups` groups, cut at two different places: joined by `separator`, both are the same text. No
 * group is without a piece, or the two would differ in the number of separators.
 */
function regrouped(groups: number, separator: string): fc.Arbitrary<Pair<string[]>> {
  return fc
    .array(piece, { minLength: groups + 1, maxLength: groups + 4 })
    .chain((pieces) => {
      const borders = fc
        .uniqueArray(fc.integer({ min: 1, max: pieces.length - 1 }), {
          minLength: groups - 1,
          maxLength: groups - 1,
        })
        .map((found) => found.sort((a, b) => a - b));
      const cut = (at: readonly number[]) =>
        [...at, pieces.length].map((end, i) => pieces.slice(at[i - 1] ?? 0, end).join(separator));
      return fc.tuple(borders.map(cut), borders.map(cut));
    })
    .filter(([left, right]) => left.join('\u0001,') !== right.join('\u0001,'));
}

/** One character moved over the border between two neighbours. */
function shifted(groups: number): fc.Arbitrary<Pair<string[]>> {
  return fc
    .tuple(
      fc.array(piece, { minLength: groups, maxLength: groups }),
      fc.nat(groups - 2),
      fc.constantFrom('x', '-', ':', '\0', '1', '\u{1f600}'),
    )
    .map(([parts, at, moved]) => {
      const give = (index: number, text: (part: string) => string) =>
        parts.map((part, i) => (i === index ? text(part) : part));
      return [give(at, (part) => part + moved), give(at + 1, (part) => moved + part)] as const;
    });
}

/** Texts that differ only beyond the first 255 characters, or only in characters that an escape makes equal. */
function lookalikes(groups: number): fc.Arbitrary<Pair<string[]>> {
  const twins = fc.constantFrom<Pair<string>>(
    ['a/b', 'a_b'],
    ['a b', 'a\tb'],
    ['\u{1f600}', '\u{1f601}'],
    ['e\u0301', '\u00e9'],
    ['\0', '\u0001'],
    ['a', 'A'],
    [`${'y'.repeat(255)}1`, `${'y'.repeat(255)}2`],
    ['__proto__', '_proto_'],
  );
  return fc
    .tuple(fc.array(piece, { minLength: groups, maxLength: groups }), fc.nat(groups - 1), twins)
    .map(([parts, at, [one, other]]) => {
      const give = (text: string) => parts.map((part, i) => (i === at ? part + text : part));
      return [give(one), give(other)] as const;
    });
}

/** Pairs of different lists of `groups` texts, built to be ambiguous. */
export function ambiguousPairs(groups: number): fc.Arbitrary<Pair<string[]>> {
  return fc.oneof(
    ...SEPARATORS.map((separator) => regrouped(groups, separator)),
    { arbitrary: shifted(groups), weight: SEPARATORS.length },
    { arbitrary: lookalikes(groups), weight: SEPARATORS.length },
  );
}
