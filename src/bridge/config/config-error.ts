/** The error of a configuration that cannot be used, and the form of its messages. */
import { BridgeError } from '../../shared/bridge-error.js';
import { escapeForLog } from '../../shared/escape.js';

/** Longest piece of a given value that a message repeats, in characters. */
const MAX_SHOWN = 80;

/** One thing wrong with one setting. */
export interface ConfigProblem {
  /** The environment name, as given. */
  readonly setting: string;
  /** `SETTING: what is wrong; expected X, got Y; what to do` */
  readonly message: string;
}

/** Thrown with everything that is wrong at once, so that one look is enough to put it right. Never retryable. */
export class ConfigError extends BridgeError {
  declare readonly code: 'CONFIG_INVALID';
  /** At least one: single values in the order of the table, then keys, rules across settings, unknown names. */
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? '1 problem' : `${String(problems.length)} problems`;
    super(
      'CONFIG_INVALID',
      `${count} with the settings:\n${problems.map((p) => `  ${p.message}`).join('\n')}`,
    );
    this.problems = problems;
  }

  /** Whether a value is a `ConfigError`, also one of another copy of this package. */
  static override is(value: unknown): value is ConfigError {
    return BridgeError.is(value) && value.code === 'CONFIG_INVALID' && 'problems' in value;
  }
}

/** Makes a problem whose message has the one form that all of them have. */
export function configProblem(
  setting: string,
  parts: { readonly what: string; readonly expected: string; readonly got: string; readonly fix: string },
): ConfigProblem {
  return {
    setting,
    message: `${setting}: ${parts.what}; expected ${parts.expected}, got ${parts.got}; ${parts.fix}`,
  };
}

/**
 * A given value as it may appear in a message: quoted, escaped, cut to 80 characters; key text and the credentials
 * of a URL are never shown, whichever setting they were given to.
 */
export function shownValue(text: string): string {
  return looksLikeKey(text)
    ? 'key text (not shown)'
    : `"${escapeForLog(withoutCredentials(text), MAX_SHOWN)}"`;
}

/** True if the text holds a key in PEM, or the start of one. */
export function looksLikeKey(text: string): boolean {
  return text.includes('-----BEGIN') || text.includes('PRIVATE KEY');
}

/** The text with user and password of a URL in it masked. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/\s]*@/g, '//***@');
}
