/** What the two sides of one call have written: told by the encodings in the metadata; no payload is read or printed. */
import type { temporal } from '@temporalio/proto';
import { decode } from '@temporalio/common/lib/encoding.js';
import { recordedCalls } from '../calls/call-facts.js';
import { findCall } from '../calls/find-call.js';
import { readCall, WrapperMemory, type CallClusters, type CallRef } from '../calls/read-call.js';
import { foundIn } from '../calls/call-view.js';
import { ClusterTrouble } from '../cluster-trouble.js';
import { CliFailure } from '../io.js';
import { safe, shortId } from '../text.js';
import type { Finding } from './check.js';

/** What is said of codecs without a call to look at. */
export const NO_CALL_GIVEN: Finding = {
  what: 'codecs',
  level: 'note',
  found: 'payloads cross as they are; --workflow ID tells whether both sides of a call encode alike',
};

type Payloads = temporal.api.common.v1.IPayloads | null | undefined;

/** What every SDK's own converter writes. */
const PLAIN = ['json/plain', 'json/protobuf', 'binary/plain', 'binary/null', 'binary/protobuf'];

/** The encodings of payloads, each once; `none`: a payload that names none. */
export function encodingsOf(payloads: Payloads): string[] {
  const found = (payloads?.payloads ?? []).map(({ metadata }) => {
    const encoding = metadata?.['encoding'];
    return encoding ? safe(decode(encoding), 60) : 'none';
  });
  return [...new Set(found)];
}

/** What was written where. */
export interface CallEncodings {
  /** The arguments, as the caller wrote them. */
  readonly sent: readonly string[];
  /** The arguments, as the target got them. */
  readonly received: readonly string[];
  /** The target's result. */
  readonly result: readonly string[];
}

/** Whether the two sides encode alike. */
export function judgeEncodings({ sent, received, result }: CallEncodings): Finding {
  const what = 'codecs';
  const list = (encodings: readonly string[]): string =>
    encodings.length === 0 ? 'nothing' : encodings.join(', ');
  const found = `the caller wrote ${list(sent)}, the target got ${list(received)}${result.length > 0 ? ` and returned ${list(result)}` : ''}`;
  const own = (encodings: readonly string[]): string[] =>
    encodings.filter((encoding) => !PLAIN.includes(encoding)).sort();
  const [a, b] = [own(sent), own(result)];
  if (sent.length > 0 && result.length > 0 && a.join() !== b.join()) {
    return {
      what,
      level: 'warning',
      found: `${found}: the two sides encode differently`,
      remedy:
        'give the workers of both sides the same payload codec, or the bridge both (runBridge with codecs)',
    };
  }
  return { what, level: 'ok', found };
}

/** Reads the encodings of a call on both clusters. */
export async function checkCodecs(clusters: CallClusters, given: string): Promise<readonly Finding[]> {
  const { handler, callers } = clusters;
  let ref: CallRef;
  try {
    ref = await findCall(clusters, given);
  } catch (error) {
    if (!(error instanceof CliFailure) || error instanceof ClusterTrouble) throw error;
    // What was typed is wrong, not the bridge.
    return [
      {
        what: 'codecs',
        level: 'warning',
        found: error.message,
        remedy: 'give --workflow the id of one call',
      },
    ];
  }
  const call = await readCall(clusters, ref, new WrapperMemory());
  const [onA, onB] = [foundIn(call.caller), foundIn(call.handler)];
  const caller = onA?.execution ?? onB?.facts?.caller;
  const cluster = onB?.facts?.caller.cluster;
  const a = callers.find((reader) => cluster === undefined || reader.cluster.name === cluster);
  const target = onB?.target;
  const [events, start, close] = await Promise.all([
    onA && a && caller ? a.history(caller.workflowId, caller.runId) : [],
    target ? handler.firstEvent(target.workflowId, target.runId) : undefined,
    target?.closedAt === undefined ? undefined : handler.closeEvent(target.workflowId, target.runId),
  ]);
  const recorded = recordedCalls(events).find(({ envelope }) => envelope.callId === call.callId);
  const anchor = events.find(
    ({ eventId }) => recorded !== undefined && Number(eventId ?? 0) === recorded.eventId,
  );
  const finding = judgeEncodings({
    sent: encodingsOf(anchor?.activityTaskScheduledEventAttributes?.input),
    received: encodingsOf(start?.workflowExecutionStartedEventAttributes?.input),
    result: encodingsOf(close?.workflowExecutionCompletedEventAttributes?.result),
  });
  return [{ ...finding, found: `call ${shortId(call.callId)}: ${finding.found}` }];
}
