/**
 * - `PORT_TAKEN`: something else listens on a port that was asked for.
 * - `EXITED`: the server ended before it was ready.
 * - `NOT_READY`: the server runs but did not answer in time.
 * - `NOT_RUNNING`: an operation needs a running server.
 */
export type DevServerErrorCode = 'PORT_TAKEN' | 'EXITED' | 'NOT_READY' | 'NOT_RUNNING';

/** A dev server that cannot be started or operated on. */
export class DevServerError extends Error {
  readonly code: DevServerErrorCode;
  /** The port that is taken; only with `PORT_TAKEN`. */
  readonly port: number | undefined;

  constructor(code: DevServerErrorCode, message: string, options: { port?: number; cause?: unknown } = {}) {
    super(`[${code}] ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DevServerError';
    this.code = code;
    this.port = options.port;
  }
}
