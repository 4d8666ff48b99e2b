/** Releases all targets at once, and checks what every caller got. */
import { setTimeout as sleep } from 'node:timers/promises';
import { REMOTE_CALL_WORKFLOW } from '../../src/shared/names.js';
import type { RequestCounts } from '../stack/server-metrics.js';
import { diffRequests } from '../stack/server-metrics.js';
import { AT_ONCE, listAll, listWrappers, untilCount } from './parked-calls.js';
import type { ParkedAnswer } from './parked-names.js';
import { PARKED_CALLER, PARKED_TARGET, RELEASE, callerIdOf } from './parked-names.js';
import { readRequests, splitPolls } from './parked-requests.js';
import type { ParkedProcess, ParkedStand } from './parked-stand.js';
import { readCpu, since } from './parked-window.js';
import { inParallel, quantile } from './parked-work.js';

/** How a release went. Times are in milliseconds since the first signal was sent. */
export interface Release {
  /** When the last target's signal was taken. */
  readonly sentMs: number;
  readonly firstMs: number;
  readonly halfMs: number;
  readonly ninetyMs: number;
  readonly lastMs: number;
  /** Requests of the workers and the bridge, without polls. */
  readonly a: RequestCounts;
  readonly b: RequestCounts;
  readonly cpuSeconds: Readonly<Partial<Record<ParkedProcess, number>>>;
}

/** Sends each target its signal, and waits until all callers have closed: times are those of A's own records. */
export async function release(
  stand: ParkedStand,
  calls: number,
  progress: (answered: number) => void,
): Promise<Release> {
  const targets = await listAll(stand.clientB, PARKED_TARGET);
  await sleep(1_500);
  const read = () => Promise.all([stand.a, stand.b].map(({ metricsUrl }) => readRequests(metricsUrl)));
  const [before, cpuBefore] = await Promise.all([read(), readCpu(stand)]);
  const beganAt = Date.now();
  let sentMs = 0;
  const sending = inParallel(targets, AT_ONCE, ({ workflowId }) =>
    stand.clientB.workflow.getHandle(workflowId).signal(RELEASE),
  ).then(() => {
    sentMs = Date.now() - beganAt;
  });
  const answers = untilCount(
    stand.clientA,
    `WorkflowType = '${PARKED_CALLER}' AND ExecutionStatus != 'Running'`,
    calls,
    progress,
  );
  await Promise.all([sending, answers]);
  await untilCount(
    stand.clientB,
    `WorkflowType = '${REMOTE_CALL_WORKFLOW}' AND ExecutionStatus != 'Running'`,
    calls,
  );
  await sleep(1_500);
  const [after, cpuAfter] = await Promise.all([read(), readCpu(stand)]);
  const closed = (await listAll(stand.clientA, PARKED_CALLER))
    .map(({ closedAt }) => (closedAt ?? Number.NaN) - beganAt)
    .sort((one, other) => one - other);
  const asked = (index: 0 | 1): RequestCounts => {
    const { others } = splitPolls(diffRequests(before[index]?.begun ?? {}, after[index]?.begun ?? {}));
    return others;
  };
  return {
    sentMs,
    firstMs: quantile(closed, 0),
    halfMs: quantile(closed, 0.5),
    ninetyMs: quantile(closed, 0.9),
    lastMs: quantile(closed, 1),
    a: asked(0),
    b: withoutOwnSignals(asked(1), targets.length),
    cpuSeconds: since(cpuBefore, cpuAfter),
  };
}

function withoutOwnSignals(counts: RequestCounts, own: number): RequestCounts {
  const { SignalWorkflowExecution: signals = 0, ...others } = counts;
  return signals === own ? others : { ...others, SignalWorkflowExecution: signals - own };
}

/** Every call that is lost, doubled or wrongly answered, in words; none if all is well. */
export async function findWrongCalls(stand: ParkedStand, calls: number): Promise<string[]> {
  const wrong: string[] = [];
  const [callers, targets, wrappers] = await Promise.all([
    listAll(stand.clientA, PARKED_CALLER),
    listAll(stand.clientB, PARKED_TARGET),
    listWrappers(stand),
  ]);
  for (const [what, found] of Object.entries({ callers, targets, wrappers })) {
    if (found.length !== calls) wrong.push(`${found.length} ${what}, expected ${calls}`);
    for (const { workflowId, status } of found) {
      if (status !== 'COMPLETED') wrong.push(`${workflowId} has ended as ${status}`);
    }
  }
  const unanswered = new Set(targets.map(({ workflowId }) => workflowId));
  const completed = callers.filter(({ status }) => status === 'COMPLETED');
  await inParallel(completed, AT_ONCE, async ({ workflowId }) => {
    const { number, targetId } = (await stand.clientA.workflow
      .getHandle(workflowId)
      .result()) as ParkedAnswer;
    const isItsOwn =
      callerIdOf(number) === workflowId && targetId.startsWith(`bridge-cluster-a-${workflowId}-`);
    if (!isItsOwn) wrong.push(`${workflowId} got the answer to ${number} of ${targetId}`);
    if (!unanswered.delete(targetId)) wrong.push(`${targetId} is unknown, or has answered twice`);
  });
  for (const targetId of unanswered) wrong.push(`the answer of ${targetId} has not arrived`);
  return wrong;
}
