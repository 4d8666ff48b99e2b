/** Stands in for the process around the command line, and for the bridge that it runs. */
import { EventEmitter } from 'node:events';
import type { ResolvedConfig } from '../../src/bridge/config/resolve.js';
import type { BridgeHandle, CliIo } from '../../src/cli/io.js';

/** A bridge that does what it is told. */
export class FakeBridge implements BridgeHandle {
  readonly reasons: string[] = [];
  reloads = 0;
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  becomeReady: () => void = () => undefined;
  failReady: (error: Error) => void = () => undefined;
  close: () => void = () => undefined;
  break: (error: Error) => void = () => undefined;
  /** What a shutdown does; by default it closes the bridge. */
  onShutdown: () => Promise<void> = async () => {
    this.close();
  };

  constructor() {
    this.ready = new Promise((resolve, reject) => ([this.becomeReady, this.failReady] = [resolve, reject]));
    this.closed = new Promise((resolve, reject) => ([this.close, this.break] = [resolve, reject]));
  }

  reload(): void {
    this.reloads += 1;
  }

  shutdown(reason: string): Promise<void> {
    this.reasons.push(reason);
    return this.onShutdown();
  }
}

/** A process of its own: what is written, and how it ends, can be looked at. */
export function surroundings(env: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const exits: number[] = [];
  const started: ResolvedConfig[] = [];
  const bridge = new FakeBridge();
  const signals = new EventEmitter();
  const io: CliIo = {
    env,
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    version: '9.8.7',
    signals,
    exit: (code) => exits.push(code),
    runBridge: async (config) => {
      started.push(config);
      return bridge;
    },
  };
  return { io, bridge, signals, exits, started, out: () => out.join(''), err: () => err.join('') };
}
