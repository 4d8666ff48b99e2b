import type { temporal } from '@temporalio/proto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CLAIM_UNSEEN_MS,
  COUNT_DECODE_MS,
  COUNT_INTERVAL_MS,
  COUNT_LIST_MS,
  COUNT_PAGE_SIZE,
  COUNT_TIMEOUT_MS,
  MAX_COUNTED_CALLS,
  MAX_COUNT_AGE_MS,
} from '../../shared/limits.js';
import { MEMO_CALL_PAIR, REMOTE_CALL_WORKFLOW } from '../../shared/names.js';
import type { ClusterClient } from '../cluster-client.js';
import { isRunning } from '../execution-status.js';
import { faultText } from '../grpc-errors.js';
import type { BridgeLogger } from '../logger.js';
import { UNKNOWN_PAIR } from './call-pair.js';
import { readPairs } from './read-pairs.js';

type ExecutionInfo = temporal.api.workflow.v1.IWorkflowExecutionInfo;
type Page = temporal.api.workflowservice.v1.IListWorkflowExecutionsResponse;

/** An open wrapper, as visibility tells. */
interface Listed {
  readonly pair: string;
  readonly startedAt: number;
}

/** A wrapper that this process lets go on, or has refused. */
interface Claim {
  readonly pair: string;
  readonly at: number;
  readonly isRefused: boolean;
  /** It was seen to be open: from then on visibility knows whether it is. */
  isSeen: boolean;
}

/** How long the parts of a count may take, in milliseconds. */
export interface CountTimes {
  /** All pages together. Default 8 s. */
  readonly listMs: number;
  /** Decoding what is new. Default 2 s. */
  readonly decodeMs: number;
}

/** What a clock of the cluster may be behind this process's, where closed wrappers are asked for. */
const CLOCK_MARGIN_MS = 10_000;

const idOf = ({ execution }: ExecutionInfo): string => execution?.workflowId ?? '';

const timeMs = (time: ExecutionInfo['startTime']): number =>
  Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;

/**
 * Who is open on the handler cluster, by pair: what visibility lists, at most every 2 s and only while somebody asks, and
 * what this process itself has let go on and visibility does not show yet. One process so holds its cap exactly; what
 * others start between two listings it learns by the next.
 */
export class OpenCalls {
  readonly #cluster: Pick<ClusterClient, 'cluster' | 'client' | 'request' | 'codecs'>;
  readonly #log: Pick<BridgeLogger, 'warn'>;
  readonly #times: CountTimes;
  #listed: ReadonlyMap<string, Listed> = new Map();
  #byPair: ReadonlyMap<string, readonly string[]> = new Map();
  readonly #claims = new Map<string, Claim>();
  /** When the listing was asked for that is known, and when one was last asked for; by `performance.now()`. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fault: { readonly error: unknown } | undefined;
  #asking: Promise<void> | undefined;
  #isCutTold = false;

  constructor(
    cluster: Pick<ClusterClient, 'cluster' | 'client' | 'request' | 'codecs'>,
    log: Pick<BridgeLogger, 'warn'>,
    times: CountTimes = { listMs: COUNT_LIST_MS, decodeMs: COUNT_DECODE_MS },
  ) {
    this.#cluster = cluster;
    this.#log = log;
    this.#times = times;
  }

  /**
   * Lets a wrapper go on if fewer than `max` others of its pair are open, those left out that began after it and were not
   * let go on by this process.
   *
   * @param isFresh - the count is not older than this request
   * @returns the number of others, if there are too many
   * @throws the client's error if the cluster cannot be asked
   */
  async claim(
    pair: string,
    wrapperId: string,
    max: number,
    { isFresh = false } = {},
  ): Promise<number | undefined> {
    if (this.#claims.get(wrapperId)?.isRefused === false) return undefined;
    await this.#count(isFresh ? performance.now() : performance.now() - COUNT_INTERVAL_MS);
    const others = this.#othersOf(pair, wrapperId);
    if (others >= max) return others;
    this.#claims.set(wrapperId, { pair, at: performance.now(), isRefused: false, isSeen: false });
    return undefined;
  }

  /** Whether a wrapper is open, as far as this is known without a request. */
  knows(wrapperId: string): boolean {
    return this.#listed.has(wrapperId);
  }

  /** A wrapper was not started after all. */
  release(wrapperId: string): void {
    this.#claims.delete(wrapperId);
  }

  /** A wrapper is open only as long as it takes to say that it was refused. */
  refuse(pair: string, wrapperId: string): void {
    this.#claims.set(wrapperId, { pair, at: performance.now(), isRefused: true, isSeen: false });
  }

  #othersOf(pair: string, wrapperId: string): number {
    const ownStart = this.#listed.get(wrapperId)?.startedAt ?? Number.POSITIVE_INFINITY;
    let others = 0;
    for (const [id, claim] of this.#claims)
      if (claim.pair === pair && !claim.isRefused && id !== wrapperId) others += 1;
    for (const id of this.#byPair.get(pair) ?? [])
      if (!this.#claims.has(id) && isBefore(id, this.#listed.get(id), wrapperId, ownStart)) others += 1;
    return others;
  }

  /** Waits for a count that was asked for at this time or later; one that fails leaves the last one in force. */
  async #count(notBefore: number): Promise<void> {
    while (this.#askedAt < notBefore && !this.#hasFailedLately()) {
      this.#asking ??= this.#countAnew().finally(() => {
        this.#asking = undefined;
      });
      await this.#asking;
    }
    // An older count only has more open than are: what has begun since, this process knows of itself.
    if (this.#fault && performance.now() - this.#askedAt > MAX_COUNT_AGE_MS) throw this.#fault.error;
  }

  #hasFailedLately(): boolean {
    return this.#fault !== undefined && performance.now() - this.#triedAt < COUNT_INTERVAL_MS;
  }

  async #countAnew(): Promise<void> {
    const leftMs = this.#triedAt + COUNT_INTERVAL_MS - performance.now();
    if (leftMs > 0) await sleep(leftMs, undefined, { ref: false });
    const askedAt = performance.now();
    this.#triedAt = askedAt;
    try {
      await this.#take(await this.#list());
      this.#askedAt = askedAt;
      this.#fault = undefined;
    } catch (error) {
      this.#log.warn('Open calls cannot be counted; the last count holds', { why: faultText(error) });
      this.#fault = { error };
    }
  }

  /** Open wrappers, as many as the time allows; and closed ones, if there are claims that visibility has not shown yet. */
  async #list(): Promise<ExecutionInfo[]> {
    const unseen = [...this.#claims.values()].filter(({ isSeen }) => !isSeen).map(({ at }) => at);
    const since = Date.now() - (performance.now() - Math.min(...unseen)) - CLOCK_MARGIN_MS;
    const closed =
      unseen.length === 0 ? '' : ` OR CloseTime >= '${new Date(Math.max(0, since)).toISOString()}'`;
    const query = `WorkflowType = '${REMOTE_CALL_WORKFLOW}' AND (ExecutionStatus = 'Running'${closed})`;
    const found: ExecutionInfo[] = [];
    const listBy = performance.now() + this.#times.listMs;
    let nextPageToken: Uint8Array | undefined;
    let leftMs = this.#times.listMs;
    do {
      try {
        const page = await this.#page(query, nextPageToken, Math.min(COUNT_TIMEOUT_MS, leftMs));
        found.push(...(page.executions ?? []));
        nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
      } catch (error) {
        // A page that had less than its own time is where the count is cut.
        if (!nextPageToken || leftMs >= COUNT_TIMEOUT_MS) throw error;
        break;
      }
      leftMs = listBy - performance.now();
    } while (nextPageToken && found.length < MAX_COUNTED_CALLS && leftMs > 0);
    if (nextPageToken && !this.#isCutTold)
      this.#log.warn('More calls are open than are counted: caps on calls in flight may be exceeded', {
        counted: found.length,
      });
    this.#isCutTold = nextPageToken !== undefined;
    return found;
  }

  #page(query: string, nextPageToken: Uint8Array | undefined, timeoutMs: number): Promise<Page> {
    const { client, cluster } = this.#cluster;
    return this.#cluster.request(
      () =>
        client.workflowService.listWorkflowExecutions({
          namespace: cluster.namespace,
          query,
          pageSize: COUNT_PAGE_SIZE,
          ...(nextPageToken ? { nextPageToken } : {}),
        }),
      timeoutMs,
    );
  }

  async #take(infos: readonly ExecutionInfo[]): Promise<void> {
    const listed = await this.#withPairs(infos.filter(({ status }) => isRunning(status)));
    const closed = new Set(infos.filter(({ status }) => !isRunning(status)).map(idOf));
    const byPair = new Map<string, string[]>();
    for (const [id, { pair }] of listed) {
      const ids = byPair.get(pair);
      if (ids) ids.push(id);
      else byPair.set(pair, [id]);
    }
    this.#listed = listed;
    this.#byPair = byPair;
    const now = performance.now();
    for (const [id, claim] of this.#claims) {
      if (listed.has(id)) claim.isSeen = true;
      else if (claim.isSeen || closed.has(id) || now - claim.at > CLAIM_UNSEEN_MS) this.#claims.delete(id);
    }
  }

  /** Whose the open wrappers are: a memo never changes, so each is read once, unless that failed. */
  async #withPairs(open: readonly ExecutionInfo[]): Promise<Map<string, Listed>> {
    const known = open.map((info): string | undefined => {
      const before = this.#listed.get(idOf(info));
      const isSame = before?.startedAt === timeMs(info.startTime) && before.pair !== UNKNOWN_PAIR;
      return isSame ? before.pair : undefined;
    });
    const memos = open.filter((_, at) => known[at] === undefined);
    const payloads = memos.map(({ memo }) => memo?.fields?.[MEMO_CALL_PAIR]);
    const read = (await readPairs(payloads, this.#cluster.codecs, this.#times.decodeMs)).values();
    return new Map(
      open.map((info, at) => {
        const pair = known[at] ?? read.next().value ?? UNKNOWN_PAIR;
        return [idOf(info), { pair, startedAt: timeMs(info.startTime) }];
      }),
    );
  }
}

/** Whether a wrapper comes before another that asks; one that visibility does not show yet is the last. */
function isBefore(id: string, listed: Listed | undefined, askingId: string, askingStart: number): boolean {
  if (!listed || id === askingId) return false;
  return listed.startedAt < askingStart || (listed.startedAt === askingStart && id < askingId);
}
