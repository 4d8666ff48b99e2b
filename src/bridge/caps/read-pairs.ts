import type { Payload } from '@temporalio/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterCodecs } from '../cluster-codecs.js';
import { UNKNOWN_PAIR, pairKeyOfMemo } from './call-pair.js';

/** A wrapper's memo of its pair, if it has one. */
type PairPayload = Payload | null | undefined;

/**
 * Names of the pairs that memos hold, in their order. They are decoded at one go; what the codecs cannot read, or not in
 * time, is of no known pair.
 *
 * @param timeoutMs - for all of them, in milliseconds: a codec may be a server of its own
 */
export async function readPairs(
  payloads: readonly PairPayload[],
  codecs: Pick<ClusterCodecs, 'decode'> | undefined,
  timeoutMs: number,
): Promise<string[]> {
  if (!codecs) return payloads.map(pairKeyOfMemo);
  const pairs = payloads.map(() => UNKNOWN_PAIR);
  const encoded = payloads.flatMap((payload, index) => (payload ? [{ payload, index }] : []));
  if (encoded.length === 0) return pairs;
  const timer = new AbortController();
  let isOver = false;
  // One memo that cannot be read fails a whole batch: it is looked for by halves, so that the others count.
  const read = async (part: typeof encoded): Promise<void> => {
    if (isOver) return;
    try {
      const plain = await codecs.decode(part.map(({ payload }) => payload));
      if (!isOver) for (const [at, { index }] of part.entries()) pairs[index] = pairKeyOfMemo(plain[at]);
    } catch {
      if (part.length === 1) return;
      const half = part.length >> 1;
      await read(part.slice(0, half));
      await read(part.slice(half));
    }
  };
  await Promise.race([
    read(encoded),
    sleep(timeoutMs, undefined, { ref: false, signal: timer.signal }).catch(() => undefined),
  ]);
  isOver = true;
  timer.abort();
  return pairs;
}
