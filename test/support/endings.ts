import type { WorkflowHandle } from '@temporalio/client';
import { toBase64, utf8 } from '../../src/shared/bytes.js';
import { requestFor } from './harness.js';

/** One way in which a target can end. */
export interface Ending {
  readonly name: string;
  /** Request of the call. */
  readonly request: unknown;
  /** Brings the running target to its end; absent: it ends by itself. */
  readonly end?: (target: WorkflowHandle) => Promise<unknown>;
}

/** The published request form. */
function articleRequest(workflowType: string, input: string): unknown {
  return {
    WorkflowType: workflowType,
    TaskQueue: 'targets',
    Input: toBase64(utf8(input)),
    Timeout: '5m',
  };
}

/** Every way in which a target can end. */
export const ENDINGS: readonly Ending[] = [
  { name: 'a value', request: requestFor('EchoAll', [1, 'zwei €', { three: [3, null] }, null, true]) },
  { name: 'a JSON value in the published form', request: articleRequest('Echo', '{"a": 1.50}') },
  { name: 'a value of plain bytes', request: articleRequest('Echo', 'not JSON: \u0000\u0001ÿ') },
  { name: 'the value of a chain of runs', request: requestFor('CountUp', [3]) },
  { name: 'nothing', request: requestFor('Nothing') },
  { name: 'nothing, in the published form', request: articleRequest('Nothing', '') },
  { name: 'a failure with details and causes', request: requestFor('Fail', ['ausverkauft €']) },
  { name: 'a failure caused by a failed child', request: requestFor('FailByChild', ['failed']) },
  { name: 'a failure caused by a child that timed out', request: requestFor('FailByChild', ['timed out']) },
  {
    name: 'a cancellation of the target',
    request: requestFor('UntilCancelled'),
    end: (target) => target.cancel(),
  },
  {
    name: 'a termination of the target',
    request: requestFor('Gate'),
    end: (target) => target.terminate('by the test'),
  },
  { name: "the target's time-out", request: requestFor('RunOutOfTime') },
];
