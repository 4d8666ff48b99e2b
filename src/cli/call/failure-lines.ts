/** A failure's chain for people and programs: types and messages, never details. */
import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import { MAX_FAILURE_DEPTH } from '../../shared/limits.js';
import { safe } from '../text.js';

/** One link of a failure's chain, outermost first. */
export interface FailureLink {
  readonly type: string;
  readonly message: string;
}

/** The chain of the failure with which a workflow ended. */
export function failureChain(error: unknown): FailureLink[] {
  const links: FailureLink[] = [];
  let link = error instanceof WorkflowFailedError ? error.cause : error;
  for (; link instanceof Error && links.length < MAX_FAILURE_DEPTH; link = link.cause) {
    const type = link instanceof ApplicationFailure ? (link.type ?? link.name) : link.name;
    links.push({ type: safe(type, 200), message: safe(link.message, 2_000) });
  }
  return links;
}

/** How a workflow ended that did not complete. */
export function endedAs(error: WorkflowFailedError): 'failed' | 'canceled' | 'terminated' | 'timed_out' {
  const { cause } = error;
  if (cause instanceof CancelledFailure) return 'canceled';
  if (cause instanceof TemporalFailure && cause.name === 'TerminatedFailure') return 'terminated';
  if (cause instanceof TemporalFailure && cause.name === 'TimeoutFailure') return 'timed_out';
  return 'failed';
}

/** The chain as lines. */
export function failureLines(ended: string, links: readonly FailureLink[]): string[] {
  return links.map(({ type, message }, depth) => {
    const head = depth === 0 ? `${ended}: ` : `${'  '.repeat(Math.min(depth, 10))}caused by `;
    return `${head}${type}${message === '' ? '' : `: ${message}`}`;
  });
}
