import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { deleteExecution, resetToFirstTask } from './anchor.js';
import type { TestSide } from './harness.js';
import { eventually } from './inspect.js';
import { COMMAND, decideByHand } from './worker-by-hand.js';
import type { FailureName, ValueName } from './workflows/fidelity-targets.js';

/** Which class of end the caller meets. */
export type EndClass = 'value' | 'failed' | 'canceled' | 'timed out' | 'terminated';

/** One way in which a target can end. */
export interface FidelityEnding {
  readonly name: string;
  readonly is: EndClass;
  /** Type of the target. */
  readonly type: string;
  readonly args?: unknown[];
  /** Options of the child and of the remote workflow alike. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Brings the target to its end on its side; absent: it ends by itself. */
  readonly end?: (side: TestSide, target: WorkflowHandle) => Promise<unknown>;
}

const value = (name: ValueName): FidelityEnding => ({
  name: `the value ${name}`,
  is: 'value',
  type: 'Give',
  args: [name],
});

const failure = (name: FailureName, is: EndClass = 'failed'): FidelityEnding => ({
  name: `the failure ${name}`,
  is,
  type: 'Break',
  args: [name],
});

const RETRY = { initialInterval: '50ms', backoffCoefficient: 1, maximumAttempts: 3 };
const details = { payloads: ['first', { second: 2 }].map((one) => defaultPayloadConverter.toPayload(one)) };

/** Every way in which a target can end. */
export const FIDELITY_ENDINGS: readonly FidelityEnding[] = [
  value('object'),
  value('text'),
  value('number'),
  value('false'),
  value('null'),
  value('undefined'),
  value('empty text'),
  value('empty list'),
  value('bytes'),
  value('no bytes'),
  value('large text'),
  value('large bytes'),
  { name: 'the value of the last run of a chain', is: 'value', type: 'CountUp', args: [3] },
  {
    name: 'the value of a retry',
    is: 'value',
    type: 'ThirdTimeLucky',
    options: { retry: RETRY },
  },
  {
    name: 'no payload at all, as other languages complete',
    is: 'value',
    type: 'ByHand',
    options: { taskQueue: 'by-hand-void' },
    end: (side) =>
      decideByHand(side, 'by-hand-void', {
        commandType: COMMAND.complete,
        completeWorkflowExecutionCommandAttributes: {},
      }),
  },
  failure('full'),
  failure('bare'),
  failure('no message'),
  failure('deep'),
  failure('from a plain error'),
  failure('benign'),
  failure('bytes in details'),
  failure('large details'),
  failure('long message'),
  failure('caused by a cancellation'),
  failure('its own cancellation', 'canceled'),
  { name: 'the failure of the last retry', is: 'failed', type: 'Judged', ...judged() },
  { name: 'the failure of a later run', is: 'failed', type: 'BreakInNextRun' },
  { name: "an activity's failure", is: 'failed', type: 'BreakByActivity', args: ['failure'] },
  { name: "an activity's time-out, thrown on", is: 'failed', type: 'BreakByActivity', args: ['cause'] },
  { name: 'a time-out of its own making', is: 'failed', type: 'BreakByTimeout' },
  { name: 'a cancelled activity', is: 'failed', type: 'BreakByCancelledActivity' },
  { name: "a child's failure", is: 'failed', type: 'FailByChild', args: ['failed'] },
  { name: "a child's time-out", is: 'failed', type: 'FailByChild', args: ['timed out'] },
  { name: "a child's cancellation", is: 'failed', type: 'BreakByGrandchild' },
  {
    name: 'a failure of another language, with all that a failure can hold',
    is: 'failed',
    type: 'ByHand',
    options: { taskQueue: 'by-hand-failure' },
    end: (side) =>
      decideByHand(side, 'by-hand-failure', {
        commandType: COMMAND.fail,
        failWorkflowExecutionCommandAttributes: {
          failure: {
            message: 'outermost',
            source: 'OtherSDK',
            stackTrace: 'Frame1\nFrame2',
            serverFailureInfo: { nonRetryable: true },
            cause: {
              message: 'reset',
              source: 'OtherSDK',
              resetWorkflowFailureInfo: { lastHeartbeatDetails: details },
              cause: {
                message: 'timed out',
                timeoutFailureInfo: { timeoutType: 4, lastHeartbeatDetails: details },
                cause: { message: 'hidden', encodedAttributes: encodedAttributes(), source: 'OtherSDK' },
              },
            },
          },
        },
      }),
  },
  {
    name: 'a cancellation by an operator',
    is: 'canceled',
    type: 'UntilCancelled',
    end: (_, target) => target.cancel(),
  },
  {
    name: 'a cancellation with details',
    is: 'canceled',
    type: 'ByHand',
    options: { taskQueue: 'by-hand-cancel' },
    end: (side) =>
      decideByHand(side, 'by-hand-cancel', {
        commandType: COMMAND.cancel,
        cancelWorkflowExecutionCommandAttributes: { details },
      }),
  },
  {
    name: 'a termination',
    is: 'terminated',
    type: 'Gate',
    end: (_, target) => target.terminate('by the test'),
  },
  {
    name: 'a termination by deletion',
    is: 'terminated',
    type: 'Gate',
    end: deleteExecution,
  },
  {
    name: 'the time-out of the whole execution',
    is: 'timed out',
    type: 'Gate',
    options: { workflowExecutionTimeout: '300ms' },
  },
  {
    name: 'the time-out of one run',
    is: 'timed out',
    type: 'Gate',
    options: { workflowRunTimeout: '300ms' },
  },
  { name: 'the time-out of a later run', is: 'timed out', type: 'RunOutOfTime' },
  {
    name: 'the time-out of the last retry',
    is: 'timed out',
    type: 'Gate',
    options: { workflowRunTimeout: '300ms', retry: { ...RETRY, maximumAttempts: 2 } },
  },
  {
    name: 'the value of a target that was reset',
    is: 'value',
    type: 'WasReset',
    args: [1500],
    end: async (side, target) => {
      await eventually(`${target.workflowId} sleeps`, async () => {
        const { events } = await target.fetchHistory();
        return events?.some((event) => event.timerStartedEventAttributes);
      });
      await resetToFirstTask(side, target);
    },
  },
];

function encodedAttributes() {
  return defaultPayloadConverter.toPayload({ message: 'shown', stack_trace: 'FrameOfShown' });
}

function judged(): Pick<FidelityEnding, 'options' | 'end'> {
  return {
    options: { retry: { ...RETRY, maximumAttempts: 2 } },
    end: async (_, target) => {
      // A handle without a run id: each signal goes to the run that waits at the time.
      for (const attempt of [1, 2]) {
        await eventually(`attempt ${attempt} of ${target.workflowId} runs`, async () => {
          const { raw } = await target.describe();
          const info = raw.workflowExecutionInfo;
          const isFirst = info?.execution?.runId === info?.firstRunId;
          return Number(info?.status ?? 0) === 1 && isFirst === (attempt === 1);
        });
        await target.signal('judge', { fail: `attempt ${attempt}` });
      }
    },
  };
}
