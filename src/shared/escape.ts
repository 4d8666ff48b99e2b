/* eslint-disable no-control-regex -- escaping control characters is this file's job */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\\]/gu;

function escapeOne(char: string): string {
  if (char === '\\') return '\\\\';
  if (char === '\n') return '\\n';
  if (char === '\r') return '\\r';
  if (char === '\t') return '\\t';
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}

/**
 * Makes any text fit for one line of a log, an error message or a terminal: control characters, bidirectional
 * controls, zero-width characters and lone surrogates become escapes, and what is longer than `maxChars` is cut
 * with `…(+N)`.
 */
export function escapeForLog(text: string, maxChars = 256): string {
  const cut = text.length > maxChars ? text.slice(0, maxChars) : text;
  const escaped = cut.replace(UNSAFE, escapeOne);
  return cut.length < text.length ? `${escaped}…(+${text.length - cut.length})` : escaped;
}

/** Shows any value inside an error message: JSON where it has one, escaped, at most `maxChars` characters. */
export function showValue(value: unknown, maxChars = 80): string {
  let text: string;
  try {
    text =
      typeof value === 'string'
        ? JSON.stringify(value.slice(0, maxChars + 1))
        : (JSON.stringify(value) ?? String(value));
  } catch {
    text = Object.prototype.toString.call(value);
  }
  return escapeForLog(text, maxChars).replaceAll('\\\\', '\\');
}
