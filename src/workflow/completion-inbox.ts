import { defineSignal, log, setHandler } from '@temporalio/workflow';
import type { WorkflowInboundCallsInterceptor } from '@temporalio/workflow';
import { localCallIdOf } from '../shared/call-id.js';
import { COMPLETIONS_WARNING, MAX_KEPT_COMPLETIONS } from '../shared/limits.js';
import { COMPLETION_HEADER, COMPLETION_SIGNAL } from '../shared/names.js';
import { RAW_PAYLOADS, payloadsOf } from '../shared/payloads.js';
import type { Completion, Started } from '../shared/wire/completion-envelope.js';
import { parseBridgeSignal } from '../shared/wire/completion-envelope.js';

/** What a completion answers: a call id, and what was asked for under it. The same key may have been used twice (I4). */
export type CompletedCall = Pick<Completion, 'callId' | 'argsDigest'>;

function inboxKey({ callId, argsDigest }: CompletedCall): string {
  return `${localCallIdOf(callId)}/${argsDigest}`;
}

/** Keeps something that nobody awaits yet; the oldest goes first. */
function keepBounded<T>(kept: Map<string, T>, key: string, value: T): void {
  kept.set(key, value);
  if (kept.size <= MAX_KEPT_COMPLETIONS) return;
  const [oldest] = kept.keys();
  if (oldest !== undefined) kept.delete(oldest);
}

/**
 * Where completion signals arrive in the caller workflow. Outcomes that nobody awaits yet are kept (bounded), a second
 * outcome of the same call is dropped (I1), and nothing that arrives here can throw (I9).
 */
export class CompletionInbox {
  readonly #waiting = new Map<string, ((completion: Completion) => void)[]>();
  readonly #kept = new Map<string, Completion>();
  readonly #settled = new Set<string>();
  readonly #starts = new Map<string, ((started: Started) => void)[]>();
  readonly #keptStarts = new Map<string, Started>();
  #signals = 0;

  /** The completion of a call, whether it has arrived or not; for each who waits when it arrives. */
  expect(call: CompletedCall): Promise<Completion> {
    const key = inboxKey(call);
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      return Promise.resolve(kept);
    }
    return new Promise((resolve) => {
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), resolve]);
    });
  }

  /** Ends the wait for a call: whatever still comes for it is dropped. */
  settle(call: CompletedCall): void {
    const key = inboxKey(call);
    this.#waiting.delete(key);
    this.#kept.delete(key);
    this.#starts.delete(key);
    this.#keptStarts.delete(key);
    this.#settled.add(key);
  }

  /** The word that a call's target has started, whether it has come or not. */
  expectStart(call: CompletedCall): Promise<Started> {
    const key = inboxKey(call);
    const kept = this.#keptStarts.get(key);
    if (kept) {
      this.#keptStarts.delete(key);
      return Promise.resolve(kept);
    }
    return new Promise((resolve) => {
      this.#starts.set(key, [...(this.#starts.get(key) ?? []), resolve]);
    });
  }

  /** Takes the word that a target has started. */
  takeStart(started: Started): void {
    const key = inboxKey(started);
    const waiting = this.#starts.get(key);
    if (waiting) {
      this.#starts.delete(key);
      for (const deliver of waiting) deliver(started);
    } else if (!this.#settled.has(key)) {
      keepBounded(this.#keptStarts, key, started);
    }
  }

  /** Whether a call's completion has come. */
  hasCompletion(call: CompletedCall): boolean {
    const key = inboxKey(call);
    return this.#kept.has(key) || this.#settled.has(key);
  }

  /** Counts a signal of the bridge; `true` once, when a run gets near to what a server takes. */
  countSignal(): boolean {
    this.#signals += 1;
    return this.#signals === COMPLETIONS_WARNING;
  }

  /** Takes a completion: hands it over, keeps it, or drops it. */
  take(completion: Completion): 'delivered' | 'kept' | 'dropped' {
    const key = inboxKey(completion);
    if (this.#settled.has(key) || this.#kept.has(key)) return 'dropped';
    const waiting = this.#waiting.get(key);
    if (waiting) {
      this.settle(completion);
      for (const deliver of waiting) deliver(completion);
      return 'delivered';
    }
    keepBounded(this.#kept, key, completion);
    return 'kept';
  }
}

const KEY = Symbol.for('temporal-bridge.completion-inbox/1');
const holder = globalThis as { [KEY]?: CompletionInbox };

/** The workflow's one inbox; two copies of this package in a bundle share it. */
export function completionInbox(): CompletionInbox {
  return (holder[KEY] ??= new CompletionInbox());
}

const completionSignal = defineSignal<unknown[]>(COMPLETION_SIGNAL, {
  typeInfo: { inputTypes: RAW_PAYLOADS },
});

/**
 * Registers the handler of the completion signal. To be called when a module is imported: a default signal handler
 * of the user, set later, would swallow completions that came before.
 */
export function registerCompletionHandler(): void {
  setHandler(completionSignal, () => undefined, { description: 'Outcome of a call to another cluster' });
}

/** Opens completion signals; everything else passes. Total: a completion that cannot be read is dropped and logged. */
export const completionInterceptor: WorkflowInboundCallsInterceptor = {
  handleSignal: async (input, next) => {
    if (input.signalName !== COMPLETION_SIGNAL) return next(input);
    try {
      const signal = parseBridgeSignal(input.headers[COMPLETION_HEADER], payloadsOf(input.args));
      const inbox = completionInbox();
      if (inbox.countSignal()) {
        log.warn(
          'This run has taken many completions; a server takes 10,000 signals a run: continue as new',
          {
            completions: COMPLETIONS_WARNING,
          },
        );
      }
      if (signal.kind === 'started') inbox.takeStart(signal.started);
      else if (inbox.take(signal.completion) === 'dropped') {
        log.info('Completion dropped: the call has its outcome', { callId: signal.completion.callId });
      }
    } catch (error) {
      log.warn('Completion dropped: it cannot be read', {
        reason: error instanceof Error ? error.message : 'unknown',
      });
    }
  },
};
