/** Shows a call's progress on the error output: live on a terminal, else a line for each step. */
import type { CliIo } from '../io.js';
import { fitLines, openLiveView } from '../live.js';
import { ageText, paletteFor } from '../text.js';
import type { CallStepMade } from './steps.js';

/** What is shown of a call that is being made. */
export interface ProgressView {
  /** Shows steps that were not shown yet. */
  steps(steps: readonly CallStepMade[]): void;
  /** What is waited for at the moment; empty: nothing to say. */
  waitingFor(text: string): void;
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
  let waiting = '';

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
    const last = waiting === '' ? [] : fitLines(stderr, [`… ${''.padStart(8)}  ${waiting}`]).map(palette.dim);
    live?.show([...lines, ...last]);
  };

  return {
    made,
    steps: (steps) => {
      for (const step of steps) {
        if (known.has(step.step)) continue;
        known.add(step.step);
        made.push(step);
        if (!live) stderr.write(`${lineOf(step)}\n`);
      }
      render();
    },
    waitingFor: (text) => {
      // The age in a text is no news for those who read lines.
      const news = (line: string): string => line.replace(/[\d.]+(?:ms|[smhd])/g, '');
      const isNews = news(text) !== news(waiting);
      waiting = text;
      if (live) render();
      else if (isNews && text !== '') stderr.write(`… ${''.padStart(8)}  ${text}\n`);
    },
    done: () => {
      waiting = '';
      render();
      live?.done();
    },
  };
}
