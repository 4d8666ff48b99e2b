/**
 * Writes deploy/kubernetes/monitoring/prometheus-rule.yaml, the alert rules as the Prometheus operator takes them, from
 * deploy/prometheus/temporal-bridge.rules.yml.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repoRoot } from './stack/paths.js';

const RULES = join(repoRoot, 'deploy', 'prometheus', 'temporal-bridge.rules.yml');

/** The file that is written. */
export const PROMETHEUS_RULE_FILE: string = join(
  repoRoot,
  'deploy',
  'kubernetes',
  'monitoring',
  'prometheus-rule.yaml',
);

const HEAD = `# Made by \`npx tsx scripts/build-prometheus-rule.ts\` from deploy/prometheus/temporal-bridge.rules.yml: change it there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: temporal-bridge
spec:
`;

/** The text that the file should have now: the groups with their comments, moved under `spec`. */
export async function prometheusRule(): Promise<string> {
  const [, groups] = (await readFile(RULES, 'utf8')).split(/^(?=groups:$)/m);
  if (groups === undefined) throw new Error(`${RULES} has no groups`);
  return HEAD + groups.replace(/^(?=.)/gm, '  ');
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeFile(PROMETHEUS_RULE_FILE, await prometheusRule());
