/** A whole number, 0 or more, as an earlier attempt left it in its heartbeat details; anything else counts as 0. */
export function wholeNumber(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0;
}
