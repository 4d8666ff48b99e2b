/** Who polls the bridge's task queues, and what waits on them. */
import type { ClusterReader, QueueState } from '../cluster-reader.js';
import { livePollers } from '../cluster-reader.js';
import { ageText, safe } from '../text.js';
import type { Finding } from './check.js';
import { isDenied } from './permission-checks.js';

/** Tasks that have waited for longer than this say that the workers do not keep up. */
const LONG_WAIT_MS = 10_000;

/** A task queue of the bridge. */
export interface BridgeQueue {
  readonly name: string;
  /** The role that polls it. */
  readonly role: 'caller' | 'handler';
  /** This host's own role: with nobody there it is broken; of the other one it is a warning. */
  readonly isOwn: boolean;
  /** The bridge has not been started yet. */
  readonly beforeStart: boolean;
}

/** Checks both kinds of tasks of a queue. */
export async function checkPollers(
  reader: ClusterReader,
  queue: BridgeQueue,
  clockSkewMs: number,
): Promise<{ readonly findings: readonly Finding[]; readonly lastSeenAt: number | undefined }> {
  try {
    const [workflow, activity] = await Promise.all([
      reader.queue(queue.name, 'workflow'),
      reader.queue(queue.name, 'activity'),
    ]);
    const seen = [...workflow.pollers, ...activity.pollers].map(({ lastSeenAt }) => lastSeenAt);
    return {
      findings: [judgePollers(queue, { workflow, activity }, clockSkewMs, Date.now())],
      lastSeenAt: seen.length > 0 ? Math.max(...seen) : undefined,
    };
  } catch (error) {
    if (!isDenied(error)) throw error;
    const found = `this host may not describe ${safe(queue.name)}; the doctor of a ${queue.role} side tells who polls it`;
    return { findings: [{ what: whatOf(queue), level: 'note', found }], lastSeenAt: undefined };
  }
}

function whatOf({ role }: BridgeQueue): string {
  return `pollers of the ${role} side`;
}

/** What it means who polls a queue. */
export function judgePollers(
  queue: BridgeQueue,
  states: { readonly workflow: QueueState; readonly activity: QueueState },
  clockSkewMs: number,
  now: number,
): Finding {
  const what = whatOf(queue);
  const kinds = (['workflow', 'activity'] as const).map((kind) => {
    const state = states[kind];
    return { kind, state, live: livePollers(state, clockSkewMs, now) };
  });
  const dead = kinds.filter(({ live }) => live.length === 0);
  const waiting = kinds.filter(({ state }) => state.backlog > 0);
  const name = safe(queue.name);
  if (dead.length > 0) {
    const last = Math.max(
      ...dead.flatMap(({ state }) => state.pollers.map(({ lastSeenAt }) => lastSeenAt)),
      0,
    );
    const ago = last === 0 ? '' : `; the last one did ${ageText(now - last)} ago, by this machine’s clock`;
    const waits = waiting.map(
      ({ kind, state }) => `${state.backlog} ${kind} ${state.backlog === 1 ? 'task waits' : 'tasks wait'}`,
    );
    const found = `nobody polls ${name} for ${dead.map(({ kind }) => `${kind} tasks`).join(' and ')}${ago}${waits.length > 0 ? `; ${waits.join(', ')}` : ''}`;
    if (queue.beforeStart) return { what, level: 'note', found: `${found} (before the start)` };
    const where = queue.isOwn ? '' : `, on a host of the ${queue.role} side`;
    return {
      what,
      level: queue.isOwn ? 'failure' : 'warning',
      found,
      remedy: `start one${where}: temporal-bridge run --role ${queue.role}; until then calls wait`,
    };
  }
  const processes = new Set(kinds.flatMap(({ live }) => live.map(({ identity }) => identity))).size;
  const found = `${processes} ${processes === 1 ? 'process polls' : 'processes poll'} ${name}`;
  const late = waiting.filter(({ state }) => state.backlogAgeMs > LONG_WAIT_MS);
  if (late.length > 0) {
    const waits = late.map(
      ({ kind, state }) =>
        `${state.backlog} ${kind} tasks wait, the oldest for ${ageText(state.backlogAgeMs)}`,
    );
    return {
      what,
      level: 'warning',
      found: `${found}; ${waits.join(', ')}`,
      remedy: 'start more replicas, or raise BRIDGE_MAX_CONCURRENT_ACTIVITIES and _WORKFLOW_TASKS',
    };
  }
  return { what, level: 'ok', found };
}
