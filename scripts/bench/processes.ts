import { readFile, readdir, readlink } from 'node:fs/promises';

/** Ticks a second in `/proc`; the same on every Linux that Node runs on. */
const TICKS = 100;
const ESTABLISHED = '01';

/** What a process holds; `undefined` where the system does not tell (no `/proc`). */
export interface ProcessReading {
  /** Resident memory, in MiB. */
  readonly memoryMiB: number | undefined;
  /** Processor time since its start, in seconds. */
  readonly cpuSeconds: number | undefined;
}

/** Reads a process's resident memory and processor time. */
export async function readProcess(pid: number): Promise<ProcessReading> {
  const [status, stat] = await Promise.all([read(`/proc/${pid}/status`), read(`/proc/${pid}/stat`)]);
  return {
    memoryMiB: status === undefined ? undefined : parseResidentMiB(status),
    cpuSeconds: stat === undefined ? undefined : parseCpuSeconds(stat),
  };
}

/** Established TCP connections of a process by the port of the other end; `undefined` without `/proc`. */
export async function readConnections(pid: number): Promise<Readonly<Record<number, number>> | undefined> {
  try {
    const folder = `/proc/${pid}/fd`;
    const links = await Promise.all(
      (await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')),
    );
    const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
    const tables = await Promise.all([read(`/proc/${pid}/net/tcp`), read(`/proc/${pid}/net/tcp6`)]);
    return parseConnections(tables.join('\n'), inodes);
  } catch {
    return undefined;
  }
}

/** `VmRSS` of a `/proc/<pid>/status`, in MiB. */
export function parseResidentMiB(status: string): number | undefined {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}

/** User and system time of a `/proc/<pid>/stat`, in seconds; the program's name in it may hold anything. */
export function parseCpuSeconds(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks / TICKS : undefined;
}

/** The established connections of these sockets in a `/proc/net/tcp`, by the port of the other end. */
export function parseConnections(table: string, inodes: ReadonlySet<string>): Record<number, number> {
  const byPort: Record<number, number> = {};
  for (const line of table.split('\n')) {
    const [, , remote, state, , , , , , inode] = line.trim().split(/\s+/);
    if (remote === undefined || state !== ESTABLISHED || !inodes.has(inode ?? '')) continue;
    const port = Number.parseInt(remote.split(':')[1] ?? '', 16);
    byPort[port] = (byPort[port] ?? 0) + 1;
  }
  return byPort;
}

function read(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
