/** How a cluster is connected to: plain text or TLS, which certificates, until when. */
import { isLoopback } from '../../bridge/config/cluster-access.js';
import { ignoredSdkVariables, type Environment } from '../../bridge/config/given.js';
import { CERTIFICATE_EXPIRY_WARNING_MS } from '../../shared/limits.js';
import type { ClusterReader } from '../cluster-reader.js';
import { safe } from '../text.js';
import type { Finding } from './check.js';

const WHAT = 'connection';

/** Looks at the certificates of a cluster that was reached. */
export async function checkConnection({ client, cluster }: ClusterReader): Promise<readonly Finding[]> {
  const { access, address } = cluster;
  if (!access?.tls) {
    const found = `plain text to ${address}`;
    return isLoopback(address)
      ? [{ what: WHAT, level: 'ok', found: `${found}, on this host` }]
      : [
          {
            what: WHAT,
            level: 'warning',
            found: `${found}: everybody on the way can read and change it`,
            remedy: 'let the server speak TLS and ask for it, or see that the way is encrypted otherwise',
          },
        ];
  }
  const { certificate } = await client.diagnose();
  const { client: own, apiKey } = access.credentials;
  const key = apiKey === undefined ? '' : ', with an API key';
  const findings: Finding[] = [];
  if (certificate) {
    const names = safe(certificate.names.slice(0, 10).join(', '), 300);
    findings.push(
      judgeExpiry({
        found: `TLS${key}; the server's certificate is for ${names}, until ${dateOf(certificate.expiresAt)}`,
        expiresAt: certificate.expiresAt,
        remedy: 'renew it on the server',
      }),
    );
  } else {
    findings.push({ what: WHAT, level: 'note', found: `TLS${key}; the server's certificate was not seen` });
  }
  if (own) {
    findings.push(
      judgeExpiry({
        found: `client certificate ${safe(own.subject, 200)}, until ${dateOf(own.expiresAt)}`,
        expiresAt: own.expiresAt,
        remedy: `renew ${access.names.cert}; the bridge takes the new one by itself`,
      }),
    );
  }
  return findings;
}

/** Variables of the SDK that are set and have no effect here. */
export function checkIgnored(env: Environment): readonly Finding[] {
  const names = ignoredSdkVariables(env);
  if (names.length === 0) return [];
  return [
    {
      what: 'variables',
      level: 'note',
      found: `${safe(names.join(', '), 300)} are ignored: each would hold for both clusters; CLUSTER_A_* and CLUSTER_B_* are theirs`,
    },
  ];
}

function judgeExpiry({
  found,
  expiresAt,
  remedy,
}: {
  readonly found: string;
  readonly expiresAt: number;
  readonly remedy: string;
}): Finding {
  const leftMs = expiresAt - Date.now();
  if (leftMs > CERTIFICATE_EXPIRY_WARNING_MS) return { what: WHAT, level: 'ok', found };
  const days = Math.max(0, Math.floor(leftMs / 86_400_000));
  return { what: WHAT, level: 'warning', found: `${found}: ${days} days are left`, remedy };
}

function dateOf(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 16).replace('T', ' ') + ' UTC' : 'unknown';
}
