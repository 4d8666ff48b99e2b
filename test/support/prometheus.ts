import type { BridgeProcess } from './bridge-process.js';
import type { HealthReport } from '../../src/index.js';

type Labels = Readonly<Record<string, string>>;

/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** What an exporter answered, in Prometheus' text format. */
export class Scrape {
  readonly text: string;
  /** Types by metric name. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];

  constructor(text: string) {
    this.text = text;
    this.types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
    );
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(sampleOf);
  }

  /** The samples of a name that have these labels, among others. */
  all(name: string, labels: Labels = {}): Sample[] {
    const wanted = Object.entries(labels);
    return this.samples.filter(
      (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** The sum of the samples of a name that have these labels, among others; undefined: there is none. */
  sum(name: string, labels: Labels = {}): number | undefined {
    const found = this.all(name, labels);
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** What is not 0 among the samples of a name, by the values of these labels. */
  counts(name: string, ...by: string[]): Record<string, number> {
    const found = this.all(name).filter(({ value }) => value !== 0);
    return Object.fromEntries(
      found.map(({ labels, value }) => [by.map((label) => labels[label]).join(' '), value]),
    );
  }
}

function sampleOf(line: string): Sample {
  const [, name, labels = '', value] = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a sample: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label = '', text = '']) => [label, text])),
    value: Number(value),
  };
}

/** Where a bridge process serves health and metrics, as its log says. */
export async function healthUrl(bridge: BridgeProcess): Promise<string> {
  return String((await bridge.logged(/^health and metrics$/))['url']);
}

/** Scrapes a bridge process. */
export async function scrape(bridge: BridgeProcess): Promise<Scrape> {
  const response = await fetch(`${await healthUrl(bridge)}/metrics`, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return new Scrape(await response.text());
}

/** Whether a bridge process says that it lives, and that it is ready, and why not. */
export async function healthOf(
  bridge: BridgeProcess,
): Promise<{ readonly livez: number; readonly readyz: number; readonly report: HealthReport }> {
  const url = await healthUrl(bridge);
  const [live, ready] = await Promise.all(
    ['livez', 'readyz'].map((path) => fetch(`${url}/${path}`, { signal: AbortSignal.timeout(10_000) })),
  );
  if (!live || !ready) throw new Error('no answer');
  return { livez: live.status, readyz: ready.status, report: (await ready.json()) as HealthReport };
}
