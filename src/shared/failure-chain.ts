import type { ProtoFailure } from '@temporalio/common';
import { MAX_FAILURE_DEPTH } from './limits.js';

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

/** A failure whose cause chain is cut at {@link MAX_FAILURE_DEPTH} links; the last link's message says so. */
export function cutCauses(failure: ProtoFailure): ProtoFailure {
  return failureLinks(failure).reduceRight((cause, link) => ({ ...link, cause }));
}
