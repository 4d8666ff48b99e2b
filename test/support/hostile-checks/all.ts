import { ACTIVITY_CHECKS } from './activity-checks.js';
import type { HostileCheck } from './check.js';
import { ENVELOPE_CHECKS } from './envelope-checks.js';
import { FIELD_CHECKS } from './field-checks.js';
import { SEAL_CHECKS } from './seal-checks.js';
import { SIGNAL_CHECKS } from './signal-checks.js';

/** Every check that hostile input can meet, beside those of `src/shared/request-checks.ts`. */
export const HOSTILE_CHECKS: readonly HostileCheck[] = [
  ...FIELD_CHECKS,
  ...ENVELOPE_CHECKS,
  ...SIGNAL_CHECKS,
  ...ACTIVITY_CHECKS,
  ...SEAL_CHECKS,
];
