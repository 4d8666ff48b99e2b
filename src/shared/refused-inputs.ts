/**
 * Counter of what workflow code was handed and did not act upon. Workflows count by the SDK's meter of the sandbox, which
 * adds the namespace, the task queue and the workflow's type.
 */
export const REFUSED_INPUTS = 'bridge_inputs_refused';

/** What the counter says of itself. */
export const REFUSED_INPUTS_DOC =
  'Signals, requests and starts that workflow code of the bridge was handed and did not act upon, or not yet';

/** Why an input was not acted upon. */
export const INPUT_REFUSALS = [
  /** A completion signal that cannot be read. */
  'signal-unreadable',
  /** A completion signal for a call that nobody awaits (yet): it is kept, up to a bound. */
  'signal-not-awaited',
  /** A completion signal for a call that has its outcome. */
  'signal-repeated',
  /** A request of `CrossClusterWorkflow` that cannot be made. */
  'request-invalid',
  /** A start of the wrapper without the envelope of a call. */
  'not-a-call',
] as const;

/** One of {@link INPUT_REFUSALS}. */
export type InputRefusal = (typeof INPUT_REFUSALS)[number];
