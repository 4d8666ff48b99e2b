const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/;
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g;

/**
 * Reads a duration as Go and people write it: `90s`, `1m30s`, `250ms`, `1.5h`, `2d`, and plain `0`.
 *
 * @returns milliseconds, possibly a fraction
 * @throws {TypeError} if the text is anything else; the message says what is expected
 */
export function parseDurationMs(text: string): number {
  const trimmed = text.trim();
  if (trimmed === '0') return 0;
  if (trimmed.length > 64 || !DURATION.test(trimmed)) {
    throw new TypeError('expected a duration such as 250ms, 90s, 1m30s or 2h');
  }
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(PART))
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? NaN);
  return total;
}

/** Writes milliseconds the way {@link parseDurationMs} reads them: `1m30s`, `250ms`, `2h`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'unlimited';
  if (ms < 1000) return `${Math.round(ms * 1000) / 1000}ms`;
  let rest = Math.round(ms / 100) / 10;
  let text = '';
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const) {
    const whole = Math.floor(rest / seconds);
    if (whole > 0) text += `${whole}${unit}`;
    rest -= whole * seconds;
  }
  rest = Math.round(rest * 10) / 10;
  return rest > 0 || text === '' ? `${text}${rest}s` : text;
}
