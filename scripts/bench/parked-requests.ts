import type { RequestCounts } from '../stack/server-metrics.js';
import { diffRequests, parseServiceRequests, withoutIdle } from '../stack/server-metrics.js';

/** Requests of one server's clients, by operation. */
export interface RequestReading {
  /** Begun since the server's start. */
  readonly begun: RequestCounts;
  /** Begun and not ended. */
  readonly open: RequestCounts;
}

/** Reads a server's requests; the server brings its metrics up to date once a second. */
export async function readRequests(metricsUrl: string): Promise<RequestReading> {
  const response = await fetch(metricsUrl, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${metricsUrl} answered ${response.status}`);
  return parseRequests(await response.text());
}

/** Every request is counted when it begins, and its latency when it ends: the difference is what is open. */
export function parseRequests(metrics: string): RequestReading {
  const begun = parseServiceRequests(metrics);
  const ended = parseServiceRequests(
    metrics.replaceAll(/^service_requests/gm, '').replaceAll(/^service_latency_count/gm, 'service_requests'),
  );
  return { begun, open: diffRequests(ended, begun) };
}

/** Whether an operation is a worker's long poll for tasks. */
function isPoll(operation: string): boolean {
  return /^Poll\w+TaskQueue$/.test(operation);
}

/** The long polls in such counts, as one number, and by operation all else that is not done for its own sake. */
export function splitPolls(counts: RequestCounts): {
  readonly polls: number;
  readonly others: RequestCounts;
} {
  const entries = Object.entries(counts);
  return {
    polls: entries.reduce((sum, [name, count]) => sum + (isPoll(name) ? count : 0), 0),
    others: Object.fromEntries(Object.entries(withoutIdle(counts)).filter(([, count]) => count !== 0)),
  };
}
