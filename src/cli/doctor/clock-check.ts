/**
 * How far this machine's clock is from a server's. No request of Temporal's own tells the time without a workflow, so it is
 * read where something else tells it: a gateway's `date` header, or when the server has last seen a poller.
 */
import { InterceptingCall, type Client as GrpcClient } from '@grpc/grpc-js';
import { POLLER_GONE_AFTER_MS, type ClusterReader } from '../cluster-reader.js';
import { ageText } from '../text.js';
import type { Finding } from './check.js';

/** A `date` header counts in whole seconds. */
const DATE_STEP_MS = 1_000;
const DATE_TIMEOUT_MS = 3_000;
const GET_SYSTEM_INFO = '/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo';

/** What is known of a server's clock, by this machine's. */
export interface ClockSigns {
  /** A header's time, and this machine's time in the middle of the request. */
  readonly date?: { readonly serverAt: number; readonly hereAt: number };
  /** When the server has last seen a poller of a bridge, by its own clock. */
  readonly lastSeenAt?: number | undefined;
}

/** What the signs mean, against the skew that is allowed for. */
export function judgeClock({ date, lastSeenAt }: ClockSigns, clockSkewMs: number, now: number): Finding {
  const what = 'clock';
  const remedy = 'synchronize the clocks (NTP); time-outs and deadlines of calls are off by the difference';
  if (date) {
    const offMs = date.serverAt + DATE_STEP_MS / 2 - date.hereAt;
    const side = offMs > 0 ? 'ahead of' : 'behind';
    if (Math.abs(offMs) - DATE_STEP_MS / 2 > clockSkewMs) {
      return {
        what,
        level: 'warning',
        found: `the server’s clock is ${ageText(Math.abs(offMs))} ${side} this machine’s`,
        remedy,
      };
    }
    return {
      what,
      level: 'ok',
      found: `within ${ageText(Math.abs(offMs) + DATE_STEP_MS / 2)} of this machine’s`,
    };
  }
  if (lastSeenAt !== undefined) {
    const agoMs = now - lastSeenAt;
    if (-agoMs > clockSkewMs) {
      return {
        what,
        level: 'warning',
        found: `the server’s clock is at least ${ageText(-agoMs)} ahead of this machine’s`,
        remedy,
      };
    }
    if (agoMs < POLLER_GONE_AFTER_MS) {
      return {
        what,
        level: 'note',
        found: `the server tells no time; by what it says of pollers it is not far off (less than ${ageText(POLLER_GONE_AFTER_MS)})`,
      };
    }
  }
  return {
    what,
    level: 'note',
    found: 'cannot be told: the server tells no time, and no poller was seen lately',
  };
}

/** The time in a gateway's `date` header, if one stands before the server and sends it. */
export async function dateOf(reader: ClusterReader): Promise<ClockSigns['date']> {
  const { client } = reader.client.client.connection as { client?: GrpcClient };
  if (!client) return undefined;
  const sentAt = Date.now();
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      GET_SYSTEM_INFO,
      () => Buffer.alloc(0),
      () => undefined,
      {},
      {
        deadline: sentAt + DATE_TIMEOUT_MS,
        interceptors: [
          (options, nextCall) =>
            new InterceptingCall(nextCall(options), {
              start: (metadata, _listener, next) => {
                next(metadata, {
                  onReceiveMetadata: (received, forward) => {
                    const [date] = received.get('date');
                    const serverAt = Date.parse(String(date));
                    const hereAt = (sentAt + Date.now()) / 2;
                    if (Number.isFinite(serverAt)) resolve({ serverAt, hereAt });
                    forward(received);
                  },
                });
              },
            }),
        ],
      },
      // An answer without the header, or none.
      () => resolve(undefined),
    );
  });
}
