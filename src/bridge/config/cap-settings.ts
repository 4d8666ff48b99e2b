/** The settings of what one pair of caller namespace and type of target may take up. */
import { MAX_CALLS_IN_FLIGHT_CAP, MAX_CALLS_PER_SECOND_CAP } from '../../shared/limits.js';
import { integer } from './setting.js';

export const capSettings = {
  BRIDGE_MAX_CALLS_IN_FLIGHT: integer({
    path: 'caps.inFlight',
    unit: 'calls',
    default: '0',
    min: 0,
    max: MAX_CALLS_IN_FLIGHT_CAP,
    doc: 'Open calls of a caller namespace to one target type; others wait (caller side) or are refused; 0 = no limit',
  }),
  BRIDGE_MAX_CALLS_PER_SECOND: integer({
    path: 'caps.perSecond',
    unit: 'calls a second',
    default: '0',
    min: 0,
    max: MAX_CALLS_PER_SECOND_CAP,
    doc: 'Starts of such calls by a process, in bursts of one second’s worth; others wait; 0 = no limit',
  }),
};
