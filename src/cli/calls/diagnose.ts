/** Says where a call is, or hangs, and what to do. Pure: out of what both clusters tell. */
import { CALL_HELD } from '../../shared/failure-table.js';
import { SEND_COMPLETION_ACTIVITY, ADMIT_ACTIVITY } from '../../shared/names.js';
import { ageText, safe } from '../text.js';
import type {
  CallView,
  CallerView,
  ExecutionView,
  HandlerView,
  Look,
  PendingActivity,
  QueueLook,
} from './call-view.js';
import { foundIn } from './call-view.js';
import { counted, name, next, said, tries } from './diagnosis-words.js';

/** A step of a call's way, as the protocol counts them. */
export type CallStep =
  | 'recorded on A'
  | 'wrapper waits'
  | 'admission'
  | 'target starts'
  | 'target waits'
  | 'target runs'
  | 'delivery'
  | 'caller waits'
  | 'ended'
  | 'unknown';

/** Where a call is. */
export interface Diagnosis {
  readonly step: CallStep;
  /** True: it does not go on by itself, or not in the usual time. */
  readonly hangs: boolean;
  /** One sentence. */
  readonly where: string;
  /** What to do; empty if nothing needs to be done. */
  readonly todo: string;
}

type Step = Omit<Diagnosis, 'hangs'> & { readonly hangs?: true };

function diagnosis({ hangs, ...rest }: Step): Diagnosis {
  return { ...rest, hangs: hangs === true };
}

/** Where a call is, by what both clusters tell; `now` in milliseconds since the epoch. */
export function diagnose({ handler, caller }: Pick<CallView, 'handler' | 'caller'>, now: number): Diagnosis {
  const onB = foundIn(handler);
  if (onB?.wrapper.status === 'running') {
    const by = foundIn(caller)?.outcome?.by;
    if (by === undefined) return diagnosis(openOnB(onB, now));
    // The two sides are not read in one moment; and a call may expire while its target runs.
    return diagnosis({
      step: 'ended',
      where: `the caller got its outcome by ${by}; the wrapper on B is still open`,
      todo: '',
    });
  }
  if (onB) return diagnosis(closedOnB(onB, caller, now));
  if ('unavailable' in handler) {
    const onA = foundIn(caller);
    const what = onA?.outcome
      ? 'the caller has its outcome'
      : onA
        ? `A recorded it ${ageText(now - onA.call.recordedAt)} ago; B cannot be asked how it stands`
        : 'B cannot be asked how it stands, and A does not tell';
    const todo = onA?.outcome ? '' : handler.unavailable;
    return diagnosis({ step: onA?.outcome ? 'ended' : 'unknown', where: what, todo });
  }
  return diagnosis(notOnB(caller, now));
}

/** A call of which the handler cluster knows nothing (any more). */
function notOnB(caller: Look<CallerView>, now: number): Step {
  const onA = foundIn(caller);
  if (!onA) {
    const where = 'neither cluster knows this call';
    const todo = 'check the id; a call that has closed is forgotten after the namespace’s retention';
    return { step: 'unknown', where, todo };
  }
  const { call, execution, outcome, queue } = onA;
  if (outcome) return { step: 'ended', where: `the caller took its outcome by ${outcome.by}`, todo: '' };
  if (execution.status !== 'running') {
    return {
      step: 'ended',
      where: `the caller has closed (${execution.status}); B has no wrapper`,
      todo: '',
    };
  }
  const age = ageText(now - call.recordedAt);
  const { anchor } = call;
  if (!anchor)
    return { step: 'recorded on A', where: `A recorded the call ${age} ago and has ended it`, todo: '' };
  if (queue?.pollers === 0) {
    return {
      step: 'recorded on A',
      hangs: true,
      where: `no bridge polls ${name(queue)} on A; the call has waited there for ${age}`,
      todo: 'start a caller side: temporal-bridge run --role caller (temporal-bridge doctor checks it)',
    };
  }
  if (anchor.lastFailure?.type === CALL_HELD) {
    return {
      step: 'recorded on A',
      where: `the caller side holds it back after ${tries(anchor)}: ${said(anchor)}`,
      todo: `it is tried again ${next(anchor, now)}; the caps are BRIDGE_MAX_CALLS_IN_FLIGHT and BRIDGE_MAX_CALLS_PER_SECOND of the caller side`,
    };
  }
  if (anchor.lastFailure && anchor.lastFailure.type !== 'REMOTE_RUNNING') {
    return {
      step: 'recorded on A',
      hangs: true,
      where: `the caller side could not start it on B in ${tries(anchor)}: ${said(anchor)}`,
      todo: `it is tried again ${next(anchor, now)}; temporal-bridge doctor, on a host of the caller side, says why`,
    };
  }
  if (anchor.lastFailure) {
    return {
      step: 'unknown',
      hangs: true,
      where: 'the call was started, and B knows neither wrapper nor target any more',
      todo: 'two looks that find nothing end it with OUTCOME_LOST; see whether B was restored, or its namespace is another',
    };
  }
  const doing = anchor.isStarted
    ? 'the caller side is starting it'
    : 'the caller side has not taken it up yet';
  return { step: 'recorded on A', where: `${doing}, ${age} after A recorded it`, todo: '' };
}

/** A call whose wrapper runs. */
function openOnB(view: HandlerView, now: number): Step {
  const { wrapper, target, facts, queue } = view;
  const admission = pendingOf(wrapper, ADMIT_ACTIVITY);
  if (admission?.lastFailure) {
    return {
      step: 'admission',
      hangs: true,
      where: `the handler side does not admit the call, in ${tries(admission)}: ${said(admission)}`,
      todo: 'give the handler side what the message names (often BRIDGE_SEAL_VERIFY_KEYS, BRIDGE_CALLER_CLUSTERS); it is tried again by itself',
    };
  }
  const sending = pendingOf(wrapper, SEND_COMPLETION_ACTIVITY);
  if (sending && target?.status !== 'running') return delivering(sending, now);
  if (wrapper.task && !wrapper.task.isStarted && queue?.name === wrapper.taskQueue) {
    return waitsForWorker('wrapper waits', 'the wrapper', wrapper, queue, now, {
      nobody: 'start a handler side: temporal-bridge run --role handler (temporal-bridge doctor checks it)',
      busy: 'if it stays so, look at the log of the handler side: it may be overloaded, or fail',
    });
  }
  if (wrapper.task && wrapper.task.attempt > 1) return failsTasks('wrapper waits', 'the wrapper', wrapper);
  if (!target) {
    const where = facts
      ? 'the wrapper runs and has not started its target yet'
      : 'this wrapper was not started by a bridge';
    return {
      step: 'target starts',
      where,
      todo: facts ? '' : 'find out who starts workflows of this type on B',
    };
  }
  if (target.status === 'running') return runningTarget(target, queue, now);
  return {
    step: 'delivery',
    where: `the target has ended (${target.status}); its outcome is about to be sent`,
    todo: '',
  };
}

function runningTarget(target: ExecutionView, queue: QueueLook | undefined, now: number): Step {
  const { task, pendingActivities, pendingChildren } = target;
  if (task && !task.isStarted && queue?.name === target.taskQueue) {
    return waitsForWorker('target waits', 'the target', target, queue, now, {
      nobody: `start a worker of ${name(queue)} on B that knows ${safe(target.workflowType)}; the bridge has done its part`,
      busy: `look at the workers of ${name(queue)} on B: they are busy, or do not take its tasks`,
    });
  }
  if (task && task.attempt > 1) return failsTasks('target runs', 'the target', target);
  const retried = pendingActivities
    .filter(({ attempt, lastFailure }) => attempt > 1 && lastFailure !== undefined)
    .sort((one, other) => other.attempt - one.attempt)[0];
  if (retried) {
    return {
      step: 'target runs',
      hangs: true,
      where: `the target retries its activity ${safe(retried.type)}, ${tries(retried)}: ${said(retried)}`,
      todo: 'look at the target’s own activity; the bridge has done its part',
    };
  }
  const waits = [
    counted(pendingActivities.length, 'pending activity', 'pending activities'),
    counted(pendingChildren, 'child', 'children'),
  ];
  const has = waits.filter((text) => text !== '').join(' and ');
  return {
    step: 'target runs',
    where: `the target has run for ${ageText(now - target.startedAt)}${has === '' ? '' : ` and has ${has}`}; its outcome comes by signal`,
    todo: '',
  };
}

function delivering(sending: PendingActivity, now: number): Step {
  if (!sending.lastFailure) return { step: 'delivery', where: 'the outcome is being sent to A', todo: '' };
  return {
    step: 'delivery',
    hangs: true,
    where: `the target has ended, and its outcome could not be sent to A in ${tries(sending)}: ${said(sending)}`,
    todo: `see that the handler side’s host reaches A (temporal-bridge doctor --role handler, there); it is tried again ${next(sending, now)}, and A looks by itself`,
  };
}

/** A call whose wrapper has closed. */
function closedOnB({ wrapper, report, target }: HandlerView, caller: Look<CallerView>, now: number): Step {
  const onA = foundIn(caller);
  if (onA?.outcome && onA.execution.status === 'running' && onA.queue?.pollers === 0) {
    return {
      step: 'caller waits',
      hangs: true,
      where: `A has the outcome, and no worker polls ${name(onA.queue)} for the caller to take it`,
      todo: `start a worker of ${name(onA.queue)} on A`,
    };
  }
  if (onA?.outcome)
    return { step: 'ended', where: `the caller got its outcome by ${onA.outcome.by}`, todo: '' };
  const anchor = onA?.call.anchor;
  const byFallback = anchor ? `the fallback brings it ${next(anchor, now)}` : 'the fallback brings it';
  if (!report) {
    if (wrapper.status === 'completed')
      return { step: 'ended', where: 'the wrapper has ended; its report cannot be read', todo: '' };
    const runs = target?.status === 'running';
    return {
      step: runs ? 'target runs' : 'delivery',
      hangs: true,
      where: `somebody ended the wrapper (${wrapper.status})${runs ? '; the target still runs' : ''}; no signal comes`,
      todo: `${byFallback}, once the target has ended; end the call at its caller or its target, never at the wrapper`,
    };
  }
  switch (report.delivered) {
    case 'signal':
      return { step: 'ended', where: 'the outcome was delivered by signal', todo: '' };
    case 'caller-gone':
      return { step: 'ended', where: `the caller is gone: ${safe(report.note)}`, todo: '' };
    default:
      if (onA && onA.execution.status !== 'running') {
        return {
          step: 'ended',
          where: `the caller has closed (${onA.execution.status}) without the outcome`,
          todo: '',
        };
      }
      return {
        step: 'delivery',
        hangs: true,
        where: `the outcome was not signalled (${safe(report.delivered)}): ${safe(report.note)}`,
        todo: byFallback,
      };
  }
}

function waitsForWorker(
  step: CallStep,
  who: string,
  execution: ExecutionView,
  queue: QueueLook,
  now: number,
  todo: { readonly nobody: string; readonly busy: string },
): Step {
  const age = ageText(now - (execution.task?.since ?? now));
  if (queue.pollers === 0) {
    return {
      step,
      hangs: true,
      where: `no worker polls ${name(queue)} on B; ${who} has waited for one for ${age}`,
      todo: todo.nobody,
    };
  }
  const polls =
    queue.pollers === undefined ? 'this host may not ask who polls it' : `${queue.pollers} poll it`;
  return {
    step,
    where: `${who} has waited for a worker of ${name(queue)} on B for ${age}; ${polls}`,
    todo: todo.busy,
  };
}

function failsTasks(step: CallStep, who: string, { task, taskQueue }: ExecutionView): Step {
  return {
    step,
    hangs: true,
    where: `${who} fails its workflow task again and again (attempt ${task?.attempt ?? 0})`,
    todo: `look at the log of the workers of ${safe(taskQueue)} on B, and at the pending workflow task in its UI`,
  };
}

function pendingOf({ pendingActivities }: ExecutionView, type: string): PendingActivity | undefined {
  return pendingActivities.find((activity) => activity.type === type);
}
