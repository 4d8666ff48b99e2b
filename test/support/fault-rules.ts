/** What happens to a call. */
export type CallFate =
  | { readonly kind: 'forward' }
  /** The server's reply is waited for and lost. */
  | { readonly kind: 'cut-reply'; readonly how: 'connection' | 'stream'; readonly onCut: () => void }
  /** The call is answered with an error status, without reaching the server. */
  | { readonly kind: 'refuse'; readonly status: number; readonly message: string };

/** Options of {@link FaultRules.cutReply}. */
export interface CutReplyOptions {
  /** The bare method name, e.g. `StartWorkflowExecution`. */
  readonly method: string;
  /** How many calls lose their reply. Default: 1. */
  readonly times?: number;
  /** Later calls of the method wait, before the server sees them, until this resolves. Default: they do not wait. */
  readonly holdUntil?: Promise<unknown>;
  /** What breaks: the client's whole connection, as when a proxy dies, or the one stream. Default: `connection`. */
  readonly how?: 'connection' | 'stream';
}

/** Options of {@link FaultRules.refuse}. */
export interface RefuseOptions {
  readonly method: string;
  /** The gRPC status code, e.g. 14 for UNAVAILABLE. */
  readonly status: number;
  readonly message?: string;
  /** How many calls are refused. Default: all, until removed. */
  readonly times?: number;
}

/** A fault that has been set. */
export interface FaultHandle {
  /** How many calls it has struck. */
  readonly struck: number;
  /** Resolves when it has struck as often as it was to. */
  readonly done: Promise<void>;
  /** Ends the fault; calls that it holds go on. */
  remove(): void;
}

interface Rule {
  readonly method: string;
  hold: Promise<unknown> | undefined;
  /** Takes the fate of one call; `undefined` when the rule has none left. */
  next(): CallFate | undefined;
}

/** The faults set on single methods; the oldest rule that has something to say decides. */
export interface FaultRules {
  cutReply(options: CutReplyOptions): FaultHandle;
  refuse(options: RefuseOptions): FaultHandle;
  /** Holds the calls of a method, before the server sees them, until the promise resolves. */
  hold(method: string, until: Promise<unknown>): FaultHandle;
  /** Removes all rules. */
  clear(): void;
  /** Decides about one call, after any hold on its method. */
  decide(method: string): Promise<CallFate>;
}

export function createFaultRules(): FaultRules {
  const rules = new Set<Rule>();

  const add = (
    method: string,
    times: number,
    hold: Promise<unknown> | undefined,
    fateOf: (strike: () => void) => CallFate,
  ): FaultHandle => {
    let left = times;
    let struck = 0;
    let release = (): void => undefined;
    const removed = new Promise<void>((resolve) => (release = resolve));
    let finish = (): void => undefined;
    const done = new Promise<void>((resolve) => (finish = resolve));
    const strike = (): void => {
      struck++;
      if (struck === times) finish();
    };
    const rule: Rule = {
      method,
      hold: hold && Promise.race([hold, removed]),
      next() {
        if (left <= 0) return undefined;
        left--;
        return fateOf(strike);
      },
    };
    void rule.hold?.then(() => (rule.hold = undefined));
    rules.add(rule);
    return {
      get struck() {
        return struck;
      },
      done,
      remove() {
        rules.delete(rule);
        release();
      },
    };
  };

  return {
    cutReply: ({ method, times = 1, holdUntil, how = 'connection' }) =>
      add(method, times, holdUntil, (strike) => ({ kind: 'cut-reply', how, onCut: strike })),
    refuse: ({ method, status, message = 'refused by the fault proxy', times = Infinity }) =>
      add(method, times, undefined, (strike) => {
        strike();
        return { kind: 'refuse', status, message };
      }),
    hold: (method, until) => add(method, 0, until, () => ({ kind: 'forward' })),
    clear: () => rules.clear(),
    async decide(method) {
      for (const rule of [...rules]) {
        if (rule.method !== method) continue;
        const fate = rule.next();
        if (fate !== undefined) return fate;
        await rule.hold;
      }
      return { kind: 'forward' };
    },
  };
}
