/** What JSON leaves as it is, and a terminal does not show as it is: C1 controls, bidirectional and zero-width ones. */
const INVISIBLE = '\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff';
const UNSAFE = new RegExp(`[\\u0000-\\u001f${INVISIBLE}\\ud800-\\udfff\\\\]`, 'gu');
const UNSAFE_IN_JSON = new RegExp(`[${INVISIBLE}]`, 'g');

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

/** JSON that a terminal shows as it is: what it would take for a control is an escape, which means the same. */
export function printableJson(value: unknown, space?: number): string {
  return JSON.stringify(value ?? null, null, space).replace(
    UNSAFE_IN_JSON,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * JSON of a value as far as `maxChars`, and at most a little beyond: a megabyte, or 10,000 lists inside one another, costs
 * no more than that.
 *
 * @throws what a getter or `toJSON` of the value throws
 */
function jsonStart(value: unknown, maxChars: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, maxChars + 1));
  if (typeof value !== 'object' || value === null || 'toJSON' in value)
    return JSON.stringify(value) ?? String(value);
  if (Array.isArray(value)) {
    let text = '[';
    for (let at = 0; at < value.length && text.length <= maxChars; at += 1)
      text += (at > 0 ? ',' : '') + jsonStart((value[at] as unknown) ?? null, maxChars - text.length);
    return `${text}]`;
  }
  let text = '{';
  for (const [key, item] of Object.entries(value)) {
    if (text.length > maxChars) break;
    if (item === undefined) continue;
    text += `${text.length > 1 ? ',' : ''}${jsonStart(key, maxChars - text.length)}:`;
    text += jsonStart(item, maxChars - text.length);
  }
  return `${text}}`;
}

/** Shows any value inside an error message: JSON where it has one, escaped, at most `maxChars` characters. */
export function showValue(value: unknown, maxChars = 80): string {
  let text: string;
  try {
    text = jsonStart(value, maxChars);
  } catch {
    text = Object.prototype.toString.call(value);
  }
  return escapeForLog(text, maxChars).replaceAll('\\\\', '\\');
}
