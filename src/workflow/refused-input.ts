import { log, metricMeter } from '@temporalio/workflow';
import { REFUSED_INPUTS, REFUSED_INPUTS_DOC } from '../shared/refused-inputs.js';
import type { InputRefusal } from '../shared/refused-inputs.js';

/** Logs and counts an input that is not acted upon, once: a replay does neither. Never throws. */
export function refuseInput(
  reason: InputRefusal,
  message: string,
  fields: Readonly<Record<string, string>> = {},
): void {
  try {
    if (reason === 'signal-repeated' || reason === 'signal-not-awaited') log.info(message, { ...fields });
    else log.warn(message, { ...fields });
    metricMeter.createCounter(REFUSED_INPUTS, '', REFUSED_INPUTS_DOC).add(1, { reason });
  } catch {
    // Neither a log nor a meter is a reason to fail a workflow task.
  }
}
