/** Checks of one cluster: reached, version, namespace, retention. */
import { tsToMs } from '@temporalio/common/lib/time.js';
import { MIN_RETENTION_MS } from '../../shared/limits.js';
import { ClusterTrouble } from '../cluster-trouble.js';
import type { ClusterReader } from '../cluster-reader.js';
import { ageText, safe } from '../text.js';
import type { Finding } from './check.js';

/** The first server that waits for a retry as long as an activity asks for, on which waiting calls rest. */
const NEEDED_VERSION = [1, 25] as const;
/** The version that the project's tests run on. */
const TESTED_VERSION = '1.29';
/** A link slower than this is worth a word: each call crosses it four times. */
const SLOW_MS = 500;

/** Reaches the cluster; the other checks are in vain if that fails. */
export async function checkReach(reader: ClusterReader): Promise<readonly Finding[]> {
  const { service } = serviceOf(reader);
  const startedAt = performance.now();
  const { serverVersion } = await reader.ask(() => service.getSystemInfo({}));
  const connectedAt = performance.now();
  await reader.ask(() => service.getSystemInfo({}));
  const latencyMs = performance.now() - connectedAt;
  const found = `${reader.cluster.address} answers in ${ageText(latencyMs)} (${ageText(connectedAt - startedAt)} with the connection)`;
  const reached: Finding =
    latencyMs > SLOW_MS
      ? {
          what: 'reached',
          level: 'warning',
          found,
          remedy: 'a slow link slows each start and each answer; look at the way between',
        }
      : { what: 'reached', level: 'ok', found };
  return [reached, judgeVersion(serverVersion ?? '')];
}

/** Whether a server is new enough. */
export function judgeVersion(serverVersion: string): Finding {
  const what = 'version';
  const [major, minor] = (/^v?(\d+)\.(\d+)/.exec(serverVersion) ?? []).slice(1).map(Number);
  if (major === undefined || minor === undefined) {
    const found = serverVersion === '' ? 'the server tells none' : `server ${safe(serverVersion, 60)}`;
    return { what, level: 'note', found };
  }
  const found = `server ${safe(serverVersion, 60)}`;
  const [neededMajor, neededMinor] = NEEDED_VERSION;
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor))
    return { what, level: 'ok', found };
  return {
    what,
    level: 'warning',
    found: `${found} is older than ${neededMajor}.${neededMinor}`,
    remedy: `upgrade it: older servers do not keep the waiting times that calls ask for (tested with ${TESTED_VERSION})`,
  };
}

/** Whether the namespace is there, and how long it remembers. */
export async function checkNamespace(
  reader: ClusterReader,
  retention: { readonly longestTimeoutMs: number; readonly fallbackMaxMs: number },
): Promise<readonly Finding[]> {
  const { service, namespace } = serviceOf(reader);
  try {
    const { config } = await reader.ask(() => service.describeNamespace({ namespace }));
    const retentionMs = config?.workflowExecutionRetentionTtl
      ? tsToMs(config.workflowExecutionRetentionTtl)
      : 0;
    const there: Finding = { what: 'namespace', level: 'ok', found: `${safe(namespace)} is there` };
    return reader.cluster.side === 'A' ? [there] : [there, judgeRetention(retentionMs, retention)];
  } catch (error) {
    if (!(error instanceof ClusterTrouble) || error.kind !== 'denied') throw error;
    const assumed =
      reader.cluster.side === 'A' ? '' : `; the bridge assumes a retention of ${ageText(MIN_RETENTION_MS)}`;
    return [
      {
        what: 'namespace',
        level: 'warning',
        found: `this host may not describe ${safe(namespace)}${assumed}`,
        remedy: 'allow DescribeNamespace, or keep time-outs of calls within half an hour',
      },
    ];
  }
}

/**
 * Whether B remembers ids for long enough: a call can be started for at most half of the retention (invariant I2), and a
 * fallback look must still find the outcome. 0 is how a dev server says "for ever".
 */
export function judgeRetention(
  retentionMs: number,
  { longestTimeoutMs, fallbackMaxMs }: { readonly longestTimeoutMs: number; readonly fallbackMaxMs: number },
): Finding {
  const what = 'retention';
  if (retentionMs === 0) return { what, level: 'ok', found: 'closed workflows are kept for ever' };
  const startMs = retentionMs / 2;
  const found = `${ageText(retentionMs)}: a call can be started for ${ageText(startMs)} after it was made`;
  if (startMs < longestTimeoutMs) {
    return {
      what,
      level: 'warning',
      found: `${found}, which is less than the longest time-out, ${ageText(longestTimeoutMs)}`,
      remedy: `raise the retention of the namespace to ${ageText(2 * longestTimeoutMs)} or more; else calls that B could not take in time end with CALL_EXPIRED before their time-out`,
    };
  }
  if (startMs < fallbackMaxMs) {
    return {
      what,
      level: 'warning',
      found: `${found}; looks at calls whose signal was lost are up to ${ageText(fallbackMaxMs)} apart`,
      remedy: `raise the retention to ${ageText(2 * fallbackMaxMs)} or more, or lower BRIDGE_FALLBACK_MAX`,
    };
  }
  return { what, level: 'ok', found };
}

/** The raw service of a reader, and its namespace. */
export function serviceOf({ client, cluster }: ClusterReader) {
  return { service: client.client.workflowService, namespace: cluster.namespace };
}
