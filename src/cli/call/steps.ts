/** The steps of a call's way, as both clusters have recorded them. */
import { foundIn, type CallView } from '../calls/call-view.js';
import { safe, shortId } from '../text.js';

/** A step that was made. */
export interface CallStepMade {
  readonly step: 'made' | 'recorded' | 'wrapper' | 'target' | 'target-ended' | 'delivered';
  readonly text: string;
  /** Milliseconds since the epoch, by the clock of the cluster that recorded it. */
  readonly at: number;
}

/**
 * The steps that are known to be made, in their order. A is read after B, and may know of an end that B was not asked for
 * again: such an end is left for the next look, unless this is the last one.
 */
export function stepsOf({ callId, caller, handler }: CallView, isLast: boolean): CallStepMade[] {
  const onA = foundIn(caller);
  const onB = foundIn(handler);
  const target = onB?.target;
  const steps: (CallStepMade | false | undefined)[] = [
    onA && {
      step: 'made',
      at: onA.execution.startedAt,
      text: `${safe(onA.execution.workflowId)} started on A`,
    },
    onA && { step: 'recorded', at: onA.call.recordedAt, text: `call ${shortId(callId)} recorded on A` },
    onB && {
      step: 'wrapper',
      at: onB.wrapper.startedAt,
      text: `started on B: wrapper ${onB.wrapper.workflowId}`,
    },
    target && {
      step: 'target',
      at: target.startedAt,
      text: `target on B: ${safe(target.workflowType)} ${safe(target.workflowId)}`,
    },
    target?.closedAt === undefined
      ? undefined
      : { step: 'target-ended', at: target.closedAt, text: `target ${target.status}` },
    onA?.outcome &&
      (isLast || target?.closedAt !== undefined) && {
        step: 'delivered',
        at: onA.outcome.at,
        text: `outcome delivered to A by ${onA.outcome.by}`,
      },
  ];
  return steps.filter((step) => step !== undefined && step !== false);
}
