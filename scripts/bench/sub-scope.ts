import type { Scope } from '../stack/scope.js';

/** A part of a scope that can be ended before it. */
export interface SubScope extends Scope {
  /** Ends what was started in this part; the last one first. Safe to call again. */
  end(): Promise<void>;
}

/** Opens a part of a scope; it is ended with the scope, if not before. */
export function openSubScope(scope: Scope): SubScope {
  const cleanups: (() => Promise<unknown>)[] = [];
  const end = async (): Promise<void> => {
    for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) await cleanup();
  };
  scope.defer(end);
  return {
    signal: scope.signal,
    orInterrupted: (promise) => scope.orInterrupted(promise),
    defer: (cleanup) => void cleanups.push(cleanup),
    end,
  };
}
