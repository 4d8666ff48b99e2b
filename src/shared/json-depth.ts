function containersIn(values: readonly unknown[]): object[] {
  return values.filter((value): value is object => typeof value === 'object' && value !== null);
}

/** Whether a JSON value has more than `max` lists and objects inside one another. Needs no deep stack itself. */
export function isDeeperThan(value: unknown, max: number): boolean {
  let level = containersIn([value]);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === max) return true;
    level = level.flatMap((container) => containersIn(Object.values(container)));
  }
  return false;
}
