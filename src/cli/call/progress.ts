/** Shows a call's progress on the error output: live on a terminal, else a line for each step. */
import type { CliIo } from '../io.js';
import { fitLines, openLiveView } from '../live.js';
import { ageText, paletteFor } from '../text.js';
import type { CallStepMade } from './steps.js';

/** What is shown of a call that is being made. */
export interface ProgressView {
  /** Shows steps that were not shown yet. */
  steps(steps: readonly CallStepMade[]): void;
  /** What is waited for at the moment, and what to do about it; those who read lines are told what hangs. Empty: nothing. */
  waitingFor(text: string, todo?: string): void;
  /** The steps shown so far. */
  readonly made: readonly CallStepMade[];
  done(): void;
}

/** Opens a view of a call. */
export function openProgress({ stderr }: Pick<CliIo, 'stderr'>): ProgressView {
  const palette = paletteFor(stderr);
  const live = stderr.isTTY === true ? openLiveView(stderr) : undefined;
  const made: CallStepMade[] = [];
  const known = new Set<string>();
  let waiting: readonly string[] = [];
  let isDone = false;

  const sinceStart = (at: number): string => {
    const startedAt = made[0]?.at ?? at;
    // Each step has its own cluster's time; clocks may differ.
    return at <= startedAt ? '' : `+${ageText(at - startedAt)}`;
  };
  const lineOf = ({ text, at }: CallStepMade): string => `✓ ${sinceStart(at).padStart(8)}  ${text}`;
  const render = (): void => {
    const lines = fitLines(stderr, made.map(lineOf)).map(
      (line) => palette.green(line.slice(0, 1)) + line.slice(1),
    );
    live?.show([...lines, ...fitLines(stderr, waiting).map(palette.dim)]);
  };

  return {
    made,
    steps: (steps) => {
      if (isDone) return;
      for (const step of steps) {
        if (known.has(step.step)) continue;
        known.add(step.step);
        made.push(step);
        if (!live) stderr.write(`${lineOf(step)}\n`);
      }
      render();
    },
    waitingFor: (text, todo = '') => {
      if (isDone) return;
      const lines = [
        text === '' ? '' : `… ${''.padStart(8)}  ${text}`,
        todo === '' ? '' : `${''.padStart(12)}→ ${todo}`,
      ];
      const next = lines.filter((line) => line !== '');
      // The age in a text is no news for those who read lines.
      const news = (of: readonly string[]): string => of.join('\n').replace(/[\d.]+(?:ms|[smhd])/g, '');
      const isNews = news(next) !== news(waiting);
      waiting = next;
      if (live) render();
      else if (isNews && todo !== '') for (const line of next) stderr.write(`${line}\n`);
    },
    done: () => {
      isDone = true;
      waiting = [];
      render();
      live?.done();
    },
  };
}
