import { articleAnswer } from './calls.js';
import type { CallStory, RunStory } from './call-story.js';
import { workflowPage } from './links.js';
import type { CallRequests, MadeCall } from './make-call.js';
import type { DemoPorts } from './ports.js';
import { inWords, type Screen } from './screen.js';

/** Where the text of a field begins. */
const FIELD_INDENT = 13;

interface Step {
  readonly at: number;
  readonly cluster: 'A' | 'B';
  readonly text: string;
}

/** Tells what happened in a call: step by step on which cluster, the answer, the way it took, what it cost. */
export function showCall({ story, requests }: MadeCall, ports: DemoPorts, screen: Screen): void {
  const { paint } = screen;
  const steps = stepsOf(story);
  const startedAt = steps[0]?.at ?? 0;
  for (const { at, cluster, text } of steps) {
    const name = cluster === 'A' ? paint.cyan('A') : paint.magenta('B');
    screen.line(`   ${paint.dim(inWords(at - startedAt).padStart(8))}  ${name}  ${text}`);
  }
  screen.line();
  const field = (name: string, text: string, color = (plain: string): string => plain): void => {
    for (const [index, row] of screen.rows(text, FIELD_INDENT).entries()) {
      screen.line(`   ${paint.dim((index === 0 ? name : '').padEnd(FIELD_INDENT - 3))}${color(row)}`);
    }
  };
  const last = story.outer ?? story.caller;
  if (last.outcome === 'failed') {
    for (const [index, link] of last.failure.entries()) {
      const name = index === 0 ? 'failure' : index === 1 ? 'because' : '';
      field(
        name,
        `${link.type}: ${link.message}${link.details && index > 0 ? ` ${link.details}` : ''}`,
        paint.red,
      );
    }
  } else {
    const answer = story.outer ? last.result : (articleAnswer(last.result) ?? last.result);
    field('answer', JSON.stringify(answer, null, 1).replace(/\n\s*/g, ' '), paint.green);
  }
  field('way back', wayOf(story), story.way.way === 'completion signal' ? paint.green : paint.yellow);
  field('requests', requestsOf(requests));
  for (const [cluster, run] of runsOf(story)) {
    const url = workflowPage(cluster === 'A' ? ports.a.ui : ports.b.ui, run.workflowId);
    screen.line(`   ${paint.dim(`${run.type} on ${cluster}:`)}`);
    screen.line(`     ${paint.underline(url)}`);
  }
}

/** The workflows of a call, with the cluster that each ran on. */
function runsOf({ outer, caller, wrapper, target }: CallStory): ['A' | 'B', RunStory][] {
  return [...(outer ? [['A', outer] as ['A', RunStory]] : []), ['A', caller], ['B', wrapper], ['B', target]];
}

function stepsOf({ outer, caller, wrapper, target, way, recordedAt }: CallStory): Step[] {
  const steps: Step[] = [];
  const add = (cluster: Step['cluster'], at: number, text: string): void => {
    if (Number.isFinite(at)) steps.push({ at, cluster, text });
  };
  if (outer) add('A', outer.startedAt, `${outer.type} starts`);
  add('A', caller.startedAt, `${caller.type} starts`);
  add('A', recordedAt, 'the call is on record in its history; now B is asked');
  add('B', wrapper.startedAt, `${wrapper.type}, the bridge's wrapper, starts`);
  add('B', target.startedAt, `${target.type} starts as its child`);
  add('B', target.closedAt, `${target.type} ${endOf(target)}`);
  if (way.way !== 'none') {
    add(
      'A',
      way.at,
      way.way === 'completion signal' ? 'the completion signal arrives' : 'the fallback poll finds the end',
    );
  }
  add('A', caller.closedAt, `${caller.type} ${endOf(caller)}, with ${caller.events} events in its history`);
  if (outer) add('A', outer.closedAt, `${outer.type} ${endOf(outer)}`);
  return steps.sort((one, other) => one.at - other.at);
}

function endOf({ outcome }: RunStory): string {
  switch (outcome) {
    case 'completed':
      return 'completes';
    case 'failed':
      return 'fails';
    case 'running':
      return 'has not ended';
    case 'canceled':
    case 'terminated':
    case 'timed out':
      return `is ${outcome}`;
  }
}

function wayOf({ way, target }: CallStory): string {
  return way.way === 'none'
    ? 'none: A has no outcome'
    : `${way.way}, ${inWords(way.at - target.closedAt)} after ${target.type} had ended on B`;
}

function requestsOf({ startsOnB, signalsOnA, readsOnA, readsOnB }: CallRequests): string {
  return `on B: StartWorkflowExecution ${startsOnB}, reads ${readsOnB}; on A: SignalWorkflowExecution ${signalsOnA}, reads ${readsOnA}`;
}
