/** What happens in a stretch of time in which this program itself asks the servers for nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestCounts } from '../stack/server-metrics.js';
import { diffRequests } from '../stack/server-metrics.js';
import { readConnections, readProcess } from './processes.js';
import { readRequests, splitPolls, type RequestReading } from './parked-requests.js';
import type { ParkedProcess, ParkedStand } from './parked-stand.js';

/** Requests that came to one server, and those that were open at the end. */
export interface ServerWindow {
  readonly polls: number;
  readonly others: RequestCounts;
  readonly openPolls: number;
  readonly openOthers: RequestCounts;
}

/** Established connections of the bridge, to each server. */
export interface Connections {
  readonly a: number;
  readonly b: number;
}

/** One measured stretch. */
export interface Window {
  readonly seconds: number;
  readonly a: ServerWindow;
  readonly b: ServerWindow;
  /** Processor seconds by process. */
  readonly cpuSeconds: Readonly<Partial<Record<ParkedProcess, number>>>;
}

/** Watches for so many seconds; what the servers count comes by their metrics, which are no requests. */
export async function watch(stand: ParkedStand, seconds: number): Promise<Window> {
  const servers = [stand.a, stand.b] as const;
  const read = () => Promise.all(servers.map(({ metricsUrl }) => readRequests(metricsUrl)));
  // The servers count once a second: what came before has to be in the first reading.
  await sleep(1_500);
  const [before, cpuBefore] = await Promise.all([read(), readCpu(stand)]);
  await sleep(seconds * 1_000);
  const [after, cpuAfter] = await Promise.all([read(), readCpu(stand)]);
  return {
    seconds,
    a: windowOf(before[0], after[0]),
    b: windowOf(before[1], after[1]),
    cpuSeconds: since(cpuBefore, cpuAfter),
  };
}

/** The bridge's resident memory, in MiB. */
export async function bridgeMemory({ pids }: ParkedStand): Promise<number | undefined> {
  return (await readProcess(pids.bridge)).memoryMiB;
}

/** Processor seconds of each process since its start. */
export async function readCpu({ pids }: ParkedStand): Promise<Partial<Record<ParkedProcess, number>>> {
  const read = await Promise.all(
    Object.entries(pids).map(async ([name, pid]) => [name, (await readProcess(pid)).cpuSeconds] as const),
  );
  return Object.fromEntries(read.filter(([, seconds]) => seconds !== undefined));
}

/** The difference of two readings. */
export function since(
  before: Partial<Record<ParkedProcess, number>>,
  after: Partial<Record<ParkedProcess, number>>,
): Partial<Record<ParkedProcess, number>> {
  const names = Object.keys(after) as ParkedProcess[];
  return Object.fromEntries(names.map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]));
}

function windowOf(before: RequestReading | undefined, after: RequestReading | undefined): ServerWindow {
  const came = splitPolls(diffRequests(before?.begun ?? {}, after?.begun ?? {}));
  const open = splitPolls(after?.open ?? {});
  return { polls: came.polls, others: came.others, openPolls: open.polls, openOthers: open.others };
}

/** The bridge's connections; `undefined` where the system does not tell. */
export async function bridgeConnections({ a, b, pids }: ParkedStand): Promise<Connections | undefined> {
  const byPort = await readConnections(pids.bridge);
  return byPort && { a: byPort[a.port] ?? 0, b: byPort[b.port] ?? 0 };
}
