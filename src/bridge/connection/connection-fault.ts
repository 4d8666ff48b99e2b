/** What can be wrong with a connection itself, in words that say which. */
import { BridgeError } from '../../shared/bridge-error.js';
import { escapeForLog } from '../../shared/escape.js';

/** Why no connection comes about although something answers at the address. */
export type ConnectionFaultReason =
  /** The server's certificate is signed by none of the CAs given. */
  | 'wrong-ca'
  /** The server's certificate is for other names. */
  | 'wrong-name'
  /** The server's certificate has expired. */
  | 'expired'
  /** The server's certificate does not hold yet. */
  | 'not-yet-valid'
  /** The server asks for a client certificate, and none was given. */
  | 'no-client-certificate'
  /** The server refuses the client certificate. */
  | 'client-certificate-refused'
  /** The client certificate has expired. */
  | 'client-certificate-expired'
  /** TLS was spoken to a server that speaks plain text. */
  | 'plain-text-server'
  /** Plain text was spoken to a server that speaks TLS. */
  | 'tls-server'
  /** The server speaks TLS, but no HTTP/2 within it. */
  | 'no-http2'
  /** The handshake failed in another way. */
  | 'handshake';

/** A connection that cannot come about. `[TLS_FAILED] what happened; expected X, got Y; what to do` */
export class ConnectionFault extends BridgeError {
  declare readonly code: 'TLS_FAILED';
  readonly reason: ConnectionFaultReason;
  /** What happened, without what to do; safe to print. */
  readonly what: string;
  readonly remedy: string;

  constructor(
    reason: ConnectionFaultReason,
    parts: { readonly what: string; readonly expected: string; readonly got: string; readonly fix: string },
  ) {
    const what = escapeForLog(`${parts.what}; expected ${parts.expected}, got ${parts.got}`, 600);
    super('TLS_FAILED', `${what}; ${parts.fix}`);
    this.reason = reason;
    this.what = what;
    this.remedy = parts.fix;
  }
}
