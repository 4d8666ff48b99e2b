import { AsyncLocalStorage } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Interceptor } from '@grpc/grpc-js';
import type { ConnectionLike, WorkflowClientInterceptor } from '@temporalio/client';
import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { GrpcStatus } from './grpc-errors.js';

/** The server's reply to a start. */
export type StartResponse = temporal.api.workflowservice.v1.IStartWorkflowExecutionResponse;

/** What the bridge adds to a start or a signal that it sends through the SDK's client. */
export interface RequestContext {
  /** The SDK draws a random request id; ours is made of the call, so that a retried request is recognized. */
  readonly requestId: string;
  readonly headers: Readonly<Record<string, Payload>>;
  /** Receives the server's reply to a start, of which the SDK's client shows the run id only. */
  readonly onStarted?: (response: StartResponse) => void;
  /** Receives the status of each try: the SDK's client tries a request again by itself, and shows the last error only. */
  readonly onTried?: (status: GrpcStatus) => void;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs a start or a signal with the bridge's request id and headers. */
export function withRequestContext<R>(context: RequestContext, send: () => Promise<R>): Promise<R> {
  return storage.run(context, send);
}

/**
 * Tries of one request inside the client, against a passing fault. Not more (the SDK's default is 10): the request's
 * activity is tried again by the server, and would hold its slot meanwhile.
 */
const MAX_TRIES = 3;

/** The tries again of one connection's requests. */
export interface Retries {
  /** The SDK's own; each try's status goes to the surrounding {@link withRequestContext}, too. */
  readonly interceptor: Interceptor;
  /**
   * No more from now on; resolves when the last one that was waited for has been made. On a connection that is closed
   * before, it would throw in a timer of the SDK's, where nobody catches it.
   */
  readonly end: () => Promise<void>;
}

/** Tries the requests of one connection again. */
export function createRetries(): Retries {
  const { delayFunction, retryableDecider } = defaultGrpcRetryOptions({ maxAttempts: MAX_TRIES });
  let hasEnded = false;
  let lastDueAt = 0;
  return {
    interceptor: (options, nextCall) => {
      const context = storage.getStore();
      const retrying = makeGrpcRetryInterceptor({
        delayFunction: (attempt, status) => {
          const delayMs = delayFunction(attempt, status);
          lastDueAt = Math.max(lastDueAt, performance.now() + delayMs);
          return delayMs;
        },
        retryableDecider: (attempt, status) => {
          context?.onTried?.(status);
          return !hasEnded && retryableDecider(attempt, status);
        },
      });
      return retrying(options, nextCall);
    },
    end: async () => {
      hasEnded = true;
      const leftMs = lastDueAt - performance.now();
      if (leftMs > 0) await sleep(leftMs + TIMER_SLACK_MS);
    },
  };
}

/** Timers of the same time run in any order, and round to whole milliseconds. */
const TIMER_SLACK_MS = 20;

/** Client interceptor that adds the headers; keeps the SDK's other interceptors (tracing) in play. */
export const requestHeadersInterceptor: WorkflowClientInterceptor = {
  startWithDetails: (input, next) =>
    next({ ...input, headers: { ...input.headers, ...storage.getStore()?.headers } }),
  signal: (input, next) => next({ ...input, headers: { ...input.headers, ...storage.getStore()?.headers } }),
};

/** A connection whose starts and signals carry the request id of the surrounding {@link withRequestContext}. */
export function withDeterministicRequestIds(connection: ConnectionLike): ConnectionLike {
  const { workflowService } = connection;
  const wrapped = new Proxy(workflowService, {
    get: (service, property, receiver) => {
      if (property === 'startWorkflowExecution') {
        return async (request: temporal.api.workflowservice.v1.IStartWorkflowExecutionRequest) => {
          const context = storage.getStore();
          const response = await service.startWorkflowExecution(
            context ? { ...request, requestId: context.requestId } : request,
          );
          context?.onStarted?.(response);
          return response;
        };
      }
      if (property === 'signalWorkflowExecution') {
        return (request: temporal.api.workflowservice.v1.ISignalWorkflowExecutionRequest) => {
          const context = storage.getStore();
          return service.signalWorkflowExecution(
            context ? { ...request, requestId: context.requestId } : request,
          );
        };
      }
      const value: unknown = Reflect.get(service, property, receiver);
      return typeof value === 'function' ? (value.bind(service) as unknown) : value;
    },
  });
  return new Proxy(connection, {
    get: (target, property) => {
      if (property === 'workflowService') return wrapped;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
