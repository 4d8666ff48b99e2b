/** `temporal-bridge calls watch`: a live view on a terminal, a line for each change elsewhere. */
import { printableJson } from '../../shared/escape.js';
import { ClusterTrouble } from '../cluster-trouble.js';
import { listenForInterrupt, pause } from '../interrupt.js';
import { EXIT, type CliIo } from '../io.js';
import { openLiveView } from '../live.js';
import { paletteFor, safe, shortId, type Palette } from '../text.js';

/** What one look has brought. */
export interface Round {
  /** The view for a terminal. */
  readonly lines: readonly string[];
  /** For each call: a text that changes when there is something to tell, how it is told, and as JSON. */
  readonly calls: readonly WatchedCall[];
  /** True: nothing will change any more. */
  readonly isOver: boolean;
}

/** A call that is watched. */
export interface WatchedCall {
  readonly callId: string;
  readonly state: string;
  readonly line: string;
  readonly json: Record<string, unknown>;
}

/** How to watch. */
export interface WatchOptions {
  readonly intervalMs: number;
  readonly json: boolean;
  /** Stands above the live view. */
  readonly title: string;
}

/** Watches until a signal comes or nothing will change any more. @returns the exit status */
export async function watchCalls(
  io: Pick<CliIo, 'stdout' | 'stderr' | 'signals'>,
  look: (palette: Palette) => Promise<Round>,
  options: WatchOptions,
): Promise<number> {
  const interrupt = listenForInterrupt(io);
  const isLive = io.stdout.isTTY === true && !options.json;
  const palette = paletteFor(io.stdout);
  const live = isLive ? openLiveView(io.stdout) : undefined;
  const known = new Map<string, string>();
  let trouble = '';
  try {
    while (!interrupt.signal.aborted) {
      let round: Round | undefined;
      try {
        round = await orInterrupted(look(palette), interrupt.signal);
        trouble = '';
      } catch (error) {
        // A cluster that is away is what one watches for, too.
        if (!(error instanceof ClusterTrouble)) throw error;
        if (live) live.show([palette.dim(options.title), '', palette.red(error.message)]);
        else if (trouble !== error.message) io.stderr.write(`temporal-bridge: ${error.message}\n`);
        trouble = error.message;
      }
      if (interrupt.signal.aborted) break;
      if (round) {
        if (live) live.show([palette.dim(options.title), '', ...round.lines]);
        else tellChanges(io, round, known, options.json);
        if (round.isOver) break;
      }
      await pause(options.intervalMs, interrupt.signal);
    }
  } finally {
    live?.done();
    interrupt.dispose();
  }
  return EXIT.ok;
}

/** Ctrl-C does not wait for a cluster that does not answer. */
function orInterrupted<R>(look: Promise<R>, signal: AbortSignal): Promise<R | undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    signal.addEventListener('abort', stop);
    look.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function tellChanges(
  { stdout }: Pick<CliIo, 'stdout'>,
  { calls }: Round,
  known: Map<string, string>,
  json: boolean,
): void {
  const at = new Date().toISOString();
  const shown = new Set(calls.map(({ callId }) => callId));
  for (const callId of known.keys()) if (!shown.has(callId)) known.delete(callId);
  // Oldest first, as a log grows.
  for (const { callId, state, line, json: document } of [...calls].reverse()) {
    if (known.get(callId) === state) continue;
    known.set(callId, state);
    stdout.write(
      json ? `${printableJson({ at, ...document })}\n` : `${at}  ${shortId(safe(callId))}  ${line}\n`,
    );
  }
}
