/** What can go wrong in the bridge's own process or library, as opposed to on the wire (see failure-table.ts). */
export type BridgeErrorCode =
  | 'CONFIG_INVALID'
  | 'ENVELOPE_INVALID'
  | 'ENVELOPE_VERSION'
  | 'SEAL_INVALID'
  | 'SEAL_KEY_UNKNOWN'
  | 'CALLER_NOT_SERVED'
  | 'CLUSTER_UNREACHABLE'
  | 'CREDENTIALS_INVALID'
  | 'TLS_FAILED'
  | 'INTERNAL';

/**
 * Error of the host side. The message has the form `[CODE] what happened; expected X, got Y; what to do`.
 * Across Temporal an `ApplicationFailure` with a type from the failure table travels instead.
 */
export class BridgeError extends Error {
  readonly code: BridgeErrorCode;

  constructor(code: BridgeErrorCode, message: string, options?: { cause?: unknown }) {
    super(`[${code}] ${message}`, options);
    this.name = 'BridgeError';
    this.code = code;
  }

  /** Whether trying again later can help. */
  get retryable(): boolean {
    switch (this.code) {
      case 'SEAL_KEY_UNKNOWN':
      case 'CALLER_NOT_SERVED':
      case 'CLUSTER_UNREACHABLE':
      case 'CREDENTIALS_INVALID':
      case 'TLS_FAILED':
        return true;
      case 'CONFIG_INVALID':
      case 'ENVELOPE_INVALID':
      case 'ENVELOPE_VERSION':
      case 'SEAL_INVALID':
      case 'INTERNAL':
        return false;
    }
  }

  /** Whether a value is a `BridgeError`, also one of another copy of this package. */
  static is(value: unknown): value is BridgeError {
    return value instanceof Error && value.name === 'BridgeError' && 'code' in value;
  }
}
