/**
 * Does something again and again, without keeping the process alive for it.
 *
 * @param turn - must not reject; gives the milliseconds until the next turn
 */
export function startLoop(turn: () => Promise<number>): { stop(): void } {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const run = async (): Promise<void> => {
    const waitMs = await turn();
    if (!isStopped) timer = setTimeout(() => void run(), waitMs).unref();
  };
  void run();
  return {
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
