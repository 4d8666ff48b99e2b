import { status } from '@grpc/grpc-js';

/** A gRPC status found in an error or one of its causes. */
export interface GrpcStatus {
  readonly code: status;
  readonly details: string;
}

/** What an error of a request to a Temporal server can mean for a call. */
export const REQUEST_FAULTS = [
  'unreachable',
  'denied',
  'not-found',
  'invalid',
  'already-exists',
  'other',
] as const;

/** What an error of a request to a Temporal server means for a call. */
export type RequestFault = (typeof REQUEST_FAULTS)[number];

/** The gRPC status behind an error, however the SDK wrapped it. */
export function grpcStatusOf(error: unknown): GrpcStatus | undefined {
  for (let link = error, depth = 0; link instanceof Error && depth < 10; link = link.cause, depth += 1) {
    if ('code' in link && typeof link.code === 'number') {
      const details = 'details' in link && typeof link.details === 'string' ? link.details : link.message;
      return { code: link.code, details };
    }
  }
  return undefined;
}

/**
 * Sorts an error of a request. Everything that time may heal is `unreachable`: also what a gateway answers that has lost its
 * server (UNIMPLEMENTED), and a namespace that fails over (FAILED_PRECONDITION).
 */
export function faultOf(error: unknown): RequestFault {
  const found = grpcStatusOf(error);
  if (!found) return error instanceof Error && error.name === 'WorkflowNotFoundError' ? 'not-found' : 'other';
  switch (found.code) {
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.RESOURCE_EXHAUSTED:
    case status.ABORTED:
    case status.CANCELLED:
    case status.INTERNAL:
    case status.UNKNOWN:
    case status.DATA_LOSS:
    case status.UNIMPLEMENTED:
    case status.FAILED_PRECONDITION:
    case status.OUT_OF_RANGE:
      return 'unreachable';
    case status.PERMISSION_DENIED:
    case status.UNAUTHENTICATED:
      return 'denied';
    case status.NOT_FOUND:
      // A namespace that is missing (another cluster answers, or a restored one) says nothing of a workflow.
      return /^Namespace\b/i.test(found.details) ? 'unreachable' : 'not-found';
    case status.ALREADY_EXISTS:
      return 'already-exists';
    case status.INVALID_ARGUMENT:
      return 'invalid';
    default:
      return 'other';
  }
}

/**
 * Whether an error is a server's answer, be it that it has too much to do: one of a gateway that has lost its server, or
 * of this client, is none.
 */
export function isAnswer(error: unknown): boolean {
  const found = grpcStatusOf(error);
  if (found?.code === status.RESOURCE_EXHAUSTED) return true;
  return found !== undefined && faultOf(error) !== 'unreachable';
}

/**
 * Whether a try that ended with this status surely never left this machine, so that nothing can have happened on the
 * other side: there was no connection, or no connection was found before the deadline (else the status names the address).
 */
export function wasNeverSent({ code, details }: GrpcStatus): boolean {
  switch (code) {
    case status.UNAVAILABLE:
      return /No connection established|ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(details);
    case status.DEADLINE_EXCEEDED:
      return /^Deadline exceeded/.test(details) && !/remote_addr=|previous attempts/.test(details);
    default:
      return false;
  }
}

/** One line about an error for messages. */
export function faultText(error: unknown): string {
  const found = grpcStatusOf(error);
  if (found) return `${status[found.code] ?? found.code}: ${found.details}`;
  const text = error instanceof Error ? error.message : String(error);
  // The native client shows its error's whole structure; the operating system's words are what a person needs.
  return /\bmessage: "([^"]+)"/.exec(text)?.[1] ?? text;
}
