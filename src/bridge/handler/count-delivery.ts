import { Context } from '@temporalio/activity';
import { fromUtf8 } from '../../shared/bytes.js';
import { COMPLETION_HEADER, ENDED_AT_HEADER } from '../../shared/names.js';
import type { RemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { BridgeSignalWord } from '../../shared/wire/completion-envelope.js';
import { bridgeSignalWord } from '../../shared/wire/completion-envelope.js';
import type { Delivery } from '../../workflow/handler-activities.js';
import type { ActivityCall } from '../activity-call.js';
import type { HandlerSide } from './handler-side.js';
import { metricsFor } from './read-remote-call.js';

function wordOf(input: ActivityCall): BridgeSignalWord | undefined {
  try {
    return bridgeSignalWord(input.header(COMPLETION_HEADER));
  } catch {
    return undefined; // too large to be read; the word of a start never is
  }
}

/** When the wrapper had the outcome; the local try, which goes before this activity, may have taken seconds. */
function endedAt(input: ActivityCall): number {
  const written = Number(fromUtf8(input.header(ENDED_AT_HEADER)?.data ?? new Uint8Array()) || NaN);
  return Number.isFinite(written) ? written : Context.current().info.scheduledTimestampMs;
}

/** Counts one try to deliver a completion; the word of a start is none. */
export async function countDelivery(
  side: HandlerSide,
  input: ActivityCall,
  { replyTo, calledAt }: RemoteCallEnvelope,
  deliver: () => Promise<Delivery>,
): Promise<Delivery> {
  const word = wordOf(input);
  if (word?.kind === 'started') return deliver();
  const metrics = metricsFor(side, replyTo.sourceCluster);
  // The first try is made within the wrapper's workflow task; the server makes the others.
  if (!Context.current().info.isLocal) metrics.deliveryRetried();
  const delivery = await deliver();
  if (delivery.delivered !== 'signal') {
    metrics.dropped(delivery.delivered);
    return delivery;
  }
  metrics.delivered(Date.now() - endedAt(input));
  if (word) {
    const tookMs = calledAt === undefined ? undefined : Date.now() - calledAt;
    metrics.completed({ outcome: word.status, way: 'signal', tookMs });
  }
  return delivery;
}
