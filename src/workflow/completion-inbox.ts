import { defineSignal, log, setHandler } from '@temporalio/workflow';
import type { WorkflowInboundCallsInterceptor } from '@temporalio/workflow';
import { localCallIdOf } from '../shared/call-id.js';
import { COMPLETIONS_WARNING, MAX_KEPT_COMPLETIONS } from '../shared/limits.js';
import { COMPLETION_HEADER, COMPLETION_SIGNAL } from '../shared/names.js';
import { RAW_PAYLOADS, payloadsOf } from '../shared/payloads.js';
import type { Completion, Started } from '../shared/wire/completion-envelope.js';
import { parseBridgeSignal } from '../shared/wire/completion-envelope.js';
import { refuseInput } from './refused-input.js';

/** What a completion answers: a call id, and what was asked for under it. The same key may have been used twice (I4). */
export type CompletedCall = Pick<Completion, 'callId' | 'argsDigest'>;

/** What became of a signal. */
export type Taken = 'delivered' | 'kept' | 'dropped';

function inboxKey({ callId, argsDigest }: CompletedCall): string {
  return `${localCallIdOf(callId)}/${argsDigest}`;
}

/** Messages of one sort by key: for each who awaits one when it comes, or kept until somebody does. */
class Mailbox<T> {
  readonly #waiting = new Map<string, ((message: T) => void)[]>();
  readonly #kept = new Map<string, T>();

  /** The message of a key, whether it has come or not. */
  expect(key: string): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      return Promise.resolve(kept);
    }
    return new Promise((resolve) => {
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), resolve]);
    });
  }

  /** Hands a message to those who await it; `false` if it is kept, since nobody does. */
  put(key: string, message: T): boolean {
    const waiting = this.#waiting.get(key);
    if (waiting) {
      this.#waiting.delete(key);
      for (const deliver of waiting) deliver(message);
      return true;
    }
    this.#kept.set(key, message);
    if (this.#kept.size > MAX_KEPT_COMPLETIONS) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return false;
  }

  keeps(key: string): boolean {
    return this.#kept.has(key);
  }

  /** Neither keeps a message of this key, nor will deliver one to those who awaited it. */
  forget(key: string): void {
    this.#waiting.delete(key);
    this.#kept.delete(key);
  }
}

/**
 * Where completion signals arrive in the caller workflow. Outcomes that nobody awaits yet are kept (bounded), a second
 * outcome of the same call is dropped (I1), and nothing that arrives here can throw (I9).
 */
export class CompletionInbox {
  readonly #completions = new Mailbox<Completion>();
  readonly #starts = new Mailbox<Started>();
  readonly #settled = new Set<string>();
  #signals = 0;

  /** The completion of a call, whether it has arrived or not; for each who waits when it arrives. */
  expect(call: CompletedCall): Promise<Completion> {
    return this.#completions.expect(inboxKey(call));
  }

  /** Ends the wait for a call: whatever still comes for it is dropped. */
  settle(call: CompletedCall): void {
    const key = inboxKey(call);
    this.#completions.forget(key);
    this.#starts.forget(key);
    this.#settled.add(key);
  }

  /** The word that a call's target has started, whether it has come or not. */
  expectStart(call: CompletedCall): Promise<Started> {
    return this.#starts.expect(inboxKey(call));
  }

  /** Takes the word that a target has started: hands it over, keeps it, or drops it. */
  takeStart(started: Started): Taken {
    const key = inboxKey(started);
    if (this.#settled.has(key) || this.#starts.keeps(key)) return 'dropped';
    return this.#starts.put(key, started) ? 'delivered' : 'kept';
  }

  /** Whether a call's completion has come. */
  hasCompletion(call: CompletedCall): boolean {
    const key = inboxKey(call);
    return this.#completions.keeps(key) || this.#settled.has(key);
  }

  /** Counts a signal of the bridge; `true` once, when a run gets near to what a server takes. */
  countSignal(): boolean {
    this.#signals += 1;
    return this.#signals === COMPLETIONS_WARNING;
  }

  /** Takes a completion: hands it over, keeps it, or drops it. */
  take(completion: Completion): Taken {
    const key = inboxKey(completion);
    if (this.#settled.has(key) || this.#completions.keeps(key)) return 'dropped';
    if (!this.#completions.put(key, completion)) return 'kept';
    this.settle(completion);
    return 'delivered';
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
      const [taken, { callId }] =
        signal.kind === 'started'
          ? [inbox.takeStart(signal.started), signal.started]
          : [inbox.take(signal.completion), signal.completion];
      if (taken === 'dropped')
        refuseInput('signal-repeated', 'Completion dropped: the call has its outcome', { callId });
      if (taken === 'kept')
        refuseInput('signal-not-awaited', 'Completion kept: nobody awaits such a call (yet)', { callId });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      refuseInput('signal-unreadable', 'Completion dropped: it cannot be read', { reason });
    }
  },
};
