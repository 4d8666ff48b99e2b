import { ACTIVITY_CHECKS } from './activity-checks.js';
import type { HostileCheck } from './check.js';
import { ENVELOPE_CHECKS } from './envelope-checks.js';
import { SIGNAL_CHECKS } from './signal-checks.js';

/** Every check that hostile input can meet, beside those of `src/shared/request-checks.ts`. */
export const HOSTILE_CHECKS: readonly HostileCheck[] = [
  ...ENVELOPE_CHECKS,
  ...SIGNAL_CHECKS,
  ...ACTIVITY_CHECKS,
];
