import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repoRoot } from '../../scripts/stack/paths.js';

const FOLDER = join(repoRoot, 'deploy', 'prometheus');

/** The file of alert rules. */
export const RULE_FILE: string = join(FOLDER, 'temporal-bridge.rules.yml');

/** The files of promtool's unit tests. */
export const RULE_TEST_FILES: readonly string[] = readdirSync(join(FOLDER, 'tests'))
  .sort()
  .map((name) => join(FOLDER, 'tests', name));

/** An alert as its file has it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The rules, in the order of their file. */
export const RULES: readonly AlertRule[] = (
  parse(readFileSync(RULE_FILE, 'utf8')) as { groups: { rules: AlertRule[] }[] }
).groups.flatMap(({ rules }) => rules);

/** What promtool's unit tests expect of an alert at one time. */
export interface Expectation {
  readonly alert: string;
  /** The label sets that fire, as they are written; none: it does not fire. */
  readonly firing: readonly string[];
}

/** All expectations of all unit tests. */
export const EXPECTATIONS: readonly Expectation[] = RULE_TEST_FILES.flatMap((file) => {
  const { tests } = parse(readFileSync(file, 'utf8')) as {
    tests: { promql_expr_test: { expr: string; exp_samples: { labels: string }[] }[] }[];
  };
  return tests.flatMap(({ promql_expr_test: checks }) =>
    checks.map(({ expr, exp_samples: samples }) => ({
      alert: /^ALERTS\{alertname="(\w+)", alertstate="firing"\}$/.exec(expr)?.[1] ?? expr,
      firing: samples.map(({ labels }) => labels),
    })),
  );
});

/** A panel of the dashboard, as far as tests look at it. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** The dashboard, as far as tests look at it. */
export interface Dashboard {
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
}

/** The text of the dashboard. */
export const DASHBOARD_TEXT: string = readFileSync(
  join(repoRoot, 'deploy', 'grafana', 'temporal-bridge.json'),
  'utf8',
);

/** The dashboard. */
export const DASHBOARD = JSON.parse(DASHBOARD_TEXT) as Dashboard;

/** Every query of the dashboard with the title of its panel, its variables replaced by values. */
export const DASHBOARD_QUERIES: readonly { readonly title: string; readonly expr: string }[] = [
  ...DASHBOARD.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
  ...DASHBOARD.annotations.list.flatMap(({ expr }) => (expr === undefined ? [] : [{ title: 'marks', expr }])),
].map(({ title, expr }) => ({ title, expr: substituted(expr) }));

/** As Grafana would: a rate's interval is a duration, several values are alternatives of a regular expression. */
function substituted(expr: string): string {
  const values = new Map(DASHBOARD.templating.list.map(({ name }) => [name, '(a|b)']));
  values.set('__rate_interval', '5m');
  return expr.replaceAll(/\$(\w+)/g, (whole, name: string) => values.get(name) ?? whole);
}

/** Every series named in a rule, a panel or a variable of the dashboard, each once. */
export function namedSeries(namesIn: (expression: string) => string[]): string[] {
  const variables = DASHBOARD.templating.list.flatMap(({ definition }) => {
    const selector = /^label_values\((.+), \w+\)$/.exec(definition ?? '')?.[1];
    return selector === undefined ? [] : [selector];
  });
  const expressions = [...RULES, ...DASHBOARD_QUERIES].map(({ expr }) => expr);
  return [...new Set([...expressions, ...variables].flatMap(namesIn))];
}
