import { readProcess } from './processes.js';

/** CPU seconds by part of a stand. */
export type CpuByPart = Readonly<Record<string, number | undefined>>;

/** Reads the CPU time of each process by its name. */
export async function readCpu(processes: Readonly<Record<string, number>>): Promise<CpuByPart> {
  const read = async ([part, pid]: [string, number]) => [part, (await readProcess(pid)).cpuSeconds] as const;
  return Object.fromEntries(await Promise.all(Object.entries(processes).map(read)));
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
