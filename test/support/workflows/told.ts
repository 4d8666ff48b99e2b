import { condition, defineSignal, setHandler } from '@temporalio/workflow';

/** Waits for the signal of this name. */
export async function told(name: string): Promise<void> {
  let isTold = false;
  setHandler(defineSignal(name), () => {
    isTold = true;
  });
  await condition(() => isTold);
}

/** Waits to be let go on. */
export const untilGoOn = (): Promise<void> => told('go-on');
