import { compileRetryPolicy } from '@temporalio/common';
import { showValue } from '../../shared/escape.js';
import type { FailureType } from '../../shared/failure-table.js';
import type { TargetOptions, TargetRetry, TargetSearchAttribute } from '../../shared/wire/target-options.js';
import { SEARCH_ATTRIBUTE_TYPES } from '../../shared/wire/target-options.js';
import type { ClusterClient } from '../cluster-client.js';
import { faultOf } from '../grpc-errors.js';

/** Why a call is not admitted. */
export interface Rejection {
  readonly type: FailureType;
  readonly message: string;
  readonly details?: Record<string, string>;
}

const invalid = (message: string): Rejection => ({ type: 'INVALID_REQUEST', message });

/** How a retry policy may name a time-out; a server refuses others. */
const TIMEOUT_TYPE = /^TemporalTimeout:(?:StartToClose|ScheduleToStart|ScheduleToClose|Heartbeat)$/;

function retryRejection(retry: TargetRetry): Rejection | undefined {
  const { initialIntervalMs = 1000, maximumIntervalMs, backoffCoefficient, maximumAttempts } = retry;
  try {
    compileRetryPolicy({
      initialInterval: initialIntervalMs,
      ...(maximumIntervalMs === undefined ? {} : { maximumInterval: maximumIntervalMs }),
      ...(backoffCoefficient === undefined ? {} : { backoffCoefficient }),
      ...(maximumAttempts === undefined ? {} : { maximumAttempts }),
    });
  } catch (error) {
    return invalid(`retry policy: ${error instanceof Error ? error.message : String(error)}`);
  }
  // What the server refuses and the SDK lets pass.
  if (backoffCoefficient !== undefined && backoffCoefficient < 1)
    return invalid(`retry policy: backoffCoefficient ${backoffCoefficient}; expected at least 1`);
  if ((maximumAttempts ?? 0) > 2 ** 31 - 1)
    return invalid(`retry policy: maximumAttempts ${maximumAttempts}; expected at most ${2 ** 31 - 1}`);
  const timeoutType = (retry.nonRetryableErrorTypes ?? []).find(
    (type) => type.startsWith('TemporalTimeout:') && !TIMEOUT_TYPE.test(type),
  );
  if (timeoutType !== undefined)
    return invalid(
      `retry policy: nonRetryableErrorTypes ${showValue(timeoutType)}; expected a type of time-out`,
    );
  return undefined;
}

/** How long the search attributes of a namespace are taken to be what they were, in milliseconds. */
const SEARCH_ATTRIBUTES_AGE_MS = 30_000;

interface KnownAttributes {
  readonly readAt: number;
  readonly types: ReadonlyMap<string, string>;
}

const known = new WeakMap<ClusterClient, KnownAttributes>();

/** The user's search attributes by name; the server's own cannot be set. Nothing is refused for what was read before. */
async function searchAttributeTypes(
  own: ClusterClient,
  asked: readonly TargetSearchAttribute[],
): Promise<ReadonlyMap<string, string>> {
  const before = known.get(own);
  if (before && Date.now() - before.readAt < SEARCH_ATTRIBUTES_AGE_MS) {
    if (asked.every(({ name, type }) => before.types.get(name) === type)) return before.types;
  }
  const { namespace } = own.cluster;
  const { customAttributes } = await own.request(() =>
    own.client.connection.operatorService.listSearchAttributes({ namespace }),
  );
  // INDEXED_VALUE_TYPE: 1 TEXT, 2 KEYWORD, 3 INT, 4 DOUBLE, 5 BOOL, 6 DATETIME, 7 KEYWORD_LIST.
  const types = new Map(
    Object.entries(customAttributes).map(([name, type]) => [
      name,
      SEARCH_ATTRIBUTE_TYPES[Number(type) - 1] ?? '',
    ]),
  );
  known.set(own, { readAt: Date.now(), types });
  return types;
}

async function searchAttributesRejection(
  own: ClusterClient,
  attributes: readonly TargetSearchAttribute[],
): Promise<Rejection | undefined> {
  let types: ReadonlyMap<string, string>;
  try {
    types = await searchAttributeTypes(own, attributes);
  } catch (error) {
    if (faultOf(error) !== 'denied') throw error;
    const message = `search attributes cannot be checked: ${own.cluster.name} does not let the handler side list them`;
    return { type: 'PERMISSION_DENIED', message };
  }
  for (const { name, type } of attributes) {
    const registered = types.get(name);
    if (registered === undefined)
      return invalid(
        `no search attribute ${name} that can be set exists in ${own.cluster.namespace} of ${own.cluster.name}`,
      );
    if (registered !== type)
      return invalid(
        `search attribute ${name} is of type ${registered} on ${own.cluster.name}; expected that, got ${type}`,
      );
  }
  return undefined;
}

/**
 * What the server would choke on in a target's options: tried, a bad retry policy or an unknown search attribute fails the
 * wrapper's workflow task for ever.
 */
export async function optionsRejection(
  own: ClusterClient,
  options: TargetOptions | undefined,
): Promise<Rejection | undefined> {
  if (!options) return undefined;
  const { retry, searchAttributes } = options;
  return (
    (retry && retryRejection(retry)) ??
    (searchAttributes && searchAttributes.length > 0
      ? await searchAttributesRejection(own, searchAttributes)
      : undefined)
  );
}
