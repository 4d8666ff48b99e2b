import { defineSignal, log, setHandler } from '@temporalio/workflow';
import type { WorkflowInboundCallsInterceptor } from '@temporalio/workflow';
import { MAX_KEPT_COMPLETIONS } from '../shared/limits.js';
import { COMPLETION_HEADER, COMPLETION_SIGNAL } from '../shared/names.js';
import { RAW_PAYLOADS, payloadsOf } from '../shared/payloads.js';
import type { Completion } from '../shared/wire/completion-envelope.js';
import { parseCompletion } from '../shared/wire/completion-envelope.js';

/** What a completion answers: a call id, and what was asked for under it. The same key may have been used twice (I4). */
export type CompletedCall = Pick<Completion, 'callId' | 'argsDigest'>;

function inboxKey({ callId, argsDigest }: CompletedCall): string {
  return `${callId}/${argsDigest}`;
}

/**
 * Where completion signals arrive in the caller workflow. Outcomes that nobody awaits yet are kept (bounded), a second
 * outcome of the same call is dropped (I1), and nothing that arrives here can throw (I9).
 */
export class CompletionInbox {
  readonly #waiting = new Map<string, ((completion: Completion) => void)[]>();
  readonly #kept = new Map<string, Completion>();
  readonly #settled = new Set<string>();

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
    this.#settled.add(key);
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
    this.#kept.set(key, completion);
    if (this.#kept.size > MAX_KEPT_COMPLETIONS) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
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
      const completion = parseCompletion(input.headers[COMPLETION_HEADER], payloadsOf(input.args));
      if (completionInbox().take(completion) === 'dropped') {
        log.info('Completion dropped: the call has its outcome', { callId: completion.callId });
      }
    } catch (error) {
      log.warn('Completion dropped: it cannot be read', {
        reason: error instanceof Error ? error.message : 'unknown',
      });
    }
  },
};
