/** What the command line needs of the process around it, so that tests can give it something else. */
import type { LogDestination, BridgeLogger } from '../bridge/logger.js';
import type { Environment } from '../bridge/config/given.js';
import type { ResolvedConfig } from '../bridge/config/resolve.js';

/** A bridge that was started; the part of it that the command line uses. */
export interface BridgeHandle {
  /** Settles when the bridge takes calls, or cannot. */
  readonly ready: Promise<void>;
  /** Resolves when the bridge has stopped; rejects if it broke. */
  readonly closed: Promise<void>;
  /** Reads the files of keys and allow-list now. */
  reload(): void;
  /** Lets running tasks end, then stops. */
  shutdown(reason: string): Promise<void>;
}

/** Where signals and uncaught errors come from: `process`, or an emitter. */
export interface SignalSource {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** A stream of the process; a terminal has a size, too. */
export interface CliStream extends LogDestination {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** The surroundings of the program. */
export interface CliIo {
  readonly env: Environment;
  readonly stdout: CliStream;
  readonly stderr: CliStream;
  readonly version: string;
  readonly signals: SignalSource;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  readonly runBridge: (config: ResolvedConfig, log: BridgeLogger) => Promise<BridgeHandle>;
}

/** What the exit status means; part of the command line's contract. */
export const EXIT = {
  ok: 0,
  /** Something broke. */
  failed: 1,
  /** What was typed or set cannot be used; nothing was started. */
  refused: 2,
  /** A signal cut short what was waited for; of `run`, a second signal the shutdown. */
  interrupted: 130,
} as const;

/** Thrown where the user asked for something that cannot be done; the message is printed as it is. */
export class CliRefusal extends Error {
  override readonly name = 'CliRefusal';
}

/** Thrown where something outside of the program is not as it must be; the message is printed as it is. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
}
