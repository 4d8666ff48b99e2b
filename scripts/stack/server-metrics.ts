import { setTimeout as sleep } from 'node:timers/promises';

/** Requests by operation, e.g. `{ StartWorkflowExecution: 3 }`. */
export type RequestCounts = Record<string, number>;

/** Options of {@link readServiceRequests}. */
export interface ReadRequestsOptions {
  /** Counts the requests to these namespaces only. Default: all but the server's own `temporal_system`. */
  readonly namespaces?: readonly string[];
  /** How long to wait before reading: the server brings its metrics up to date once a second. Default: 1,200. */
  readonly settleMs?: number;
}

const SYSTEM_NAMESPACE = 'temporal_system';

/**
 * Reads how many requests a server's frontend has had since its start, by operation.
 *
 * The server itself polls in each namespace (`PollWorkflowTaskQueue`, `PollActivityTaskQueue`,
 * `DescribeNamespace`): do not count those as a client's.
 *
 * @param metricsUrl the Prometheus endpoint
 * @throws {Error} if the endpoint does not answer
 */
export async function readServiceRequests(
  metricsUrl: string,
  options: ReadRequestsOptions = {},
): Promise<RequestCounts> {
  await sleep(options.settleMs ?? 1_200);
  const response = await fetch(metricsUrl, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${metricsUrl} answered ${response.status}`);
  return parseServiceRequests(await response.text(), options);
}

/** Sums the frontend's `service_requests` of a Prometheus text by operation. */
export function parseServiceRequests(text: string, options: ReadRequestsOptions = {}): RequestCounts {
  // The server writes every other character of a namespace's name as an underscore.
  const namespaces =
    options.namespaces && new Set(options.namespaces.map((name) => name.replace(/[^A-Za-z0-9_]/g, '_')));
  const counts: RequestCounts = {};
  for (const line of text.split('\n')) {
    const sample = /^service_requests(?:_total)?\{([^}]*)\}\s+(\S+)/.exec(line);
    if (sample === null) continue;
    const labels = parseLabels(sample[1] ?? '');
    if (labels['service_name'] !== 'frontend') continue;
    const namespace = labels['namespace'] ?? '';
    if (namespaces ? !namespaces.has(namespace) : namespace === SYSTEM_NAMESPACE) continue;
    const operation = labels['operation'] ?? '';
    counts[operation] = (counts[operation] ?? 0) + Number(sample[2]);
  }
  return counts;
}

/** What was requested between two readings; operations without a new request are left out. */
export function diffRequests(before: RequestCounts, after: RequestCounts): RequestCounts {
  const entries = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(entries.filter(([, count]) => count !== 0));
}

/**
 * Operations that go on whether or not calls are made, whatever their number: workers wait for tasks and report
 * themselves, the bridge looks whether its clusters answer and its queues are polled, and the servers ask themselves.
 */
const IDLE_OPERATIONS = new Set([
  'PollWorkflowTaskQueue',
  'PollActivityTaskQueue',
  'PollNexusTaskQueue',
  'RecordWorkerHeartbeat',
  'GetSystemInfo',
  'DescribeTaskQueue',
  'CountWorkflowExecutions',
  'DescribeNamespace',
]);

/** The requests that something other than waiting has caused. */
export function withoutIdle(requests: RequestCounts): RequestCounts {
  return Object.fromEntries(Object.entries(requests).filter(([name]) => !IDLE_OPERATIONS.has(name)));
}

/** Requests that look at executions: what a bridge that polls would live on. */
export function readsIn(requests: RequestCounts): RequestCounts {
  const isRead = /^(?:Describe|Get.*History|Query|List|Count|Scan|PollWorkflowExecution)/;
  return Object.fromEntries(
    Object.entries(withoutIdle(requests)).filter(([name, count]) => isRead.test(name) && count !== 0),
  );
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    if (name !== undefined && value !== undefined) labels[name] = value;
  }
  return labels;
}
