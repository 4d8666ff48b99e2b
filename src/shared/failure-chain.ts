import { encode } from '@temporalio/common/lib/encoding.js';
import type { Payload, ProtoFailure } from '@temporalio/common';
import { MAX_FAILURE_BYTES, MAX_FAILURE_DEPTH, MAX_QUOTED_CHARS, MAX_READABLE_LINKS } from './limits.js';
import { totalPayloadBytes } from './payloads.js';

/** The links of a failure's cause chain, outermost first, at most {@link MAX_FAILURE_DEPTH}, each without its cause. */
export function failureLinks(failure: ProtoFailure): ProtoFailure[] {
  const links: ProtoFailure[] = [];
  let link: ProtoFailure | null | undefined = failure;
  for (; link && links.length < MAX_FAILURE_DEPTH; link = link.cause) {
    const { cause: _cause, ...head } = link;
    links.push(head);
  }
  const last = links.at(-1);
  if (link && last)
    last.message = `${last.message ?? ''} [causes beyond ${MAX_FAILURE_DEPTH} links were cut]`;
  return links;
}

/** Whether a failure as it was read has so many links that no worker of the SDK can read it. */
export function isTooDeep(failure: ProtoFailure): boolean {
  let links = 0;
  for (let link: ProtoFailure | null | undefined = failure; link; link = link.cause) links += 1;
  return links >= MAX_READABLE_LINKS;
}

function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  // A cut between the halves of a surrogate pair would leave one that UTF-8 cannot carry.
  const end = /[\ud800-\udbff]/.test(text.charAt(maxChars - 1)) ? maxChars - 1 : maxChars;
  return `${text.slice(0, end)} [${text.length - end} characters more were cut]`;
}

/** The target's message as the bridge's own message repeats it. */
export function quotedMessage(failure: ProtoFailure): string {
  return cutText(failure.message ?? '', MAX_QUOTED_CHARS);
}

/** All payloads of one link. */
export function linkPayloads(link: ProtoFailure): Payload[] {
  const lists = [
    link.applicationFailureInfo?.details,
    link.timeoutFailureInfo?.lastHeartbeatDetails,
    link.canceledFailureInfo?.details,
    link.resetWorkflowFailureInfo?.lastHeartbeatDetails,
  ];
  const payloads = lists.flatMap((list) => list?.payloads ?? []);
  return link.encodedAttributes ? [...payloads, link.encodedAttributes] : payloads;
}

function payloadBytesOf(link: ProtoFailure): number {
  return totalPayloadBytes(linkPayloads(link));
}

function bytesOf(links: readonly ProtoFailure[]): number {
  return links.reduce(
    (sum, link) =>
      sum + encode(link.message ?? '').length + encode(link.stackTrace ?? '').length + payloadBytesOf(link),
    0,
  );
}

/** A failure with each link of its chain made anew, causes kept. */
export function mapLinks(failure: ProtoFailure, map: (link: ProtoFailure) => ProtoFailure): ProtoFailure {
  const { cause, ...head } = failure;
  return { ...map(head), ...(cause ? { cause: mapLinks(cause, map) } : {}) };
}

/** One link without its payloads: the bridge never decodes them, and leaves them out where they are too large. */
export function withoutPayloads(link: ProtoFailure): ProtoFailure {
  const { applicationFailureInfo: app, timeoutFailureInfo: timeout, canceledFailureInfo: canceled } = link;
  return {
    ...link,
    encodedAttributes: null,
    ...(app ? { applicationFailureInfo: { ...app, details: null } } : {}),
    ...(timeout ? { timeoutFailureInfo: { ...timeout, lastHeartbeatDetails: null } } : {}),
    ...(canceled ? { canceledFailureInfo: { ...canceled, details: null } } : {}),
    ...(link.resetWorkflowFailureInfo ? { resetWorkflowFailureInfo: {} } : {}),
  };
}

function leaveOutPayloads(link: ProtoFailure): ProtoFailure {
  const bytes = payloadBytesOf(link);
  if (bytes === 0) return link;
  return {
    ...withoutPayloads(link),
    message: `${link.message ?? ''} [details of ${bytes} bytes were left out]`,
  };
}

/**
 * A failure that every way can carry: at most {@link MAX_FAILURE_DEPTH} links and {@link MAX_FAILURE_BYTES} bytes. What
 * is below both limits stays as it is; where something is cut, the message says so.
 */
export function boundFailure(failure: ProtoFailure): ProtoFailure {
  let links = failureLinks(failure);
  if (bytesOf(links) > MAX_FAILURE_BYTES) {
    // Two texts a link, at most three bytes a UTF-16 unit.
    const maxChars = Math.floor(MAX_FAILURE_BYTES / 2 / (links.length * 2 * 3));
    links = links.map((link) => ({
      ...link,
      message: cutText(link.message ?? '', maxChars),
      stackTrace: cutText(link.stackTrace ?? '', maxChars),
    }));
    if (bytesOf(links) > MAX_FAILURE_BYTES) links = links.map(leaveOutPayloads);
  }
  return links.reduceRight((cause, link) => ({ ...link, cause }));
}
