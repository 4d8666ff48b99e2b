/**
 * {@link ./caller-interceptors.ts} for a worker that runs the start of calls itself: they go to the workflow's own task
 * queue. Only the activity's task queue changes, so histories replay with and without.
 *
 * @module
 */
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { interceptors as callerInterceptors } from './caller-interceptors.js';
import { markStartsInThisWorker } from './own-queue.js';

export function interceptors(): WorkflowInterceptors {
  markStartsInThisWorker();
  return callerInterceptors();
}
