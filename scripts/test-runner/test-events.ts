/** What a test file's process tells the runner, one record a line. */
export type TestEventRecord =
  | { readonly kind: 'begun' }
  /** All tests of the file have ended: the last record. */
  | { readonly kind: 'finished' }
  | {
      readonly kind: 'ended';
      readonly name: string;
      /** 0 for a test or suite at the top of the file. */
      readonly nesting: number;
      readonly isSuite: boolean;
      readonly durationMs: number;
      /** Skipped, or marked as still to do. */
      readonly isSkipped: boolean;
      readonly isFailed: boolean;
      /** As `node:test` names it, e.g. `subtestsFailed`; empty unless failed. */
      readonly failureType: string;
      readonly error: string;
    };

/** The result of one leaf test. */
export interface LeafResult {
  /** The names of the suites around it and its own, joined by ` › `; empty for a failure of the file as a whole. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly durationMs: number;
  readonly error: string;
}

type Ended = Extract<TestEventRecord, { kind: 'ended' }>;

/**
 * Turns the events of one file into results of leaf tests: a suite, or a test with subtests, counts only if it
 * failed by itself (a hook, say). The events come in the order of `node:test`: children before their parent.
 */
export function createLeafCollector(): {
  /** Takes one event; the leaves of a suite are given out when the outermost suite has ended. */
  take(event: TestEventRecord): LeafResult[];
  /** Gives out the leaves whose suites have not ended. */
  flush(): LeafResult[];
  /** True while a test or suite has begun and not ended. */
  isBusy(): boolean;
  /** True once all tests of the file have ended. */
  isFinished(): boolean;
} {
  let open = 0;
  let isFinished = false;
  /** By nesting: leaves that wait for their parents' names. */
  let waiting: LeafResult[][] = [];
  let hasChildren: boolean[] = [];

  const end = (event: Ended): LeafResult[] => {
    const { nesting } = event;
    const children = waiting[nesting + 1] ?? [];
    const isParent = event.isSuite || hasChildren[nesting + 1] === true;
    waiting[nesting + 1] = [];
    hasChildren[nesting + 1] = false;
    hasChildren[nesting] = true;
    const leaves = children.map((leaf) => ({
      ...leaf,
      name: leaf.name === '' ? event.name : `${event.name} › ${leaf.name}`,
    }));
    const isOwnFailure = event.isFailed && !event.isSkipped && event.failureType !== 'subtestsFailed';
    if (!isParent || isOwnFailure) {
      const outcome = event.isSkipped ? 'skipped' : event.isFailed ? 'failed' : 'passed';
      leaves.push({ name: event.name, outcome, durationMs: event.durationMs, error: event.error });
    } else if (event.isSkipped && leaves.length === 0) {
      leaves.push({ name: event.name, outcome: 'skipped', durationMs: event.durationMs, error: '' });
    }
    if (nesting === 0) return leaves;
    (waiting[nesting] ??= []).push(...leaves);
    return [];
  };

  return {
    take(event) {
      switch (event.kind) {
        case 'begun':
          open++;
          return [];
        case 'ended':
          open--;
          return end(event);
        case 'finished':
          isFinished = true;
          return [];
      }
    },
    flush() {
      const rest = waiting.flat();
      waiting = [];
      hasChildren = [];
      return rest;
    },
    isBusy: () => open > 0,
    isFinished: () => isFinished,
  };
}
