import { readFileSync } from 'node:fs';
import { platform } from 'node:os';

/** The kernel reports to programs in hundredths of a second, whatever its own clock does. */
const TICKS_PER_SECOND = 100;

/** CPU seconds, user and system, that a process has used since its start; `undefined` where there is no /proc. */
export function cpuSeconds(pid: number): number | undefined {
  if (platform() !== 'linux') return undefined;
  // The name of the program stands in brackets and may hold anything; the fields after it are numbers.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** CPU seconds by part of a stand. */
export type CpuByPart = Readonly<Record<string, number | undefined>>;

/** Reads the CPU time of each process by its name. */
export function readCpu(processes: Readonly<Record<string, number>>): CpuByPart {
  return Object.fromEntries(Object.entries(processes).map(([part, pid]) => [part, cpuSeconds(pid)]));
}

/** What was used between two readings. */
export function cpuBetween(before: CpuByPart, after: CpuByPart): CpuByPart {
  return Object.fromEntries(
    Object.entries(after).map(([part, used]) => {
      const first = before[part];
      return [part, used === undefined || first === undefined ? undefined : used - first];
    }),
  );
}
