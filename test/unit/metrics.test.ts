/** What is recorded, on whichever meter there is, and that the documents list it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MetricMeter } from '@temporalio/common';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { pickFreePort } from '../../scripts/stack/ports.js';
import { BridgeMetrics } from '../../src/bridge/metrics/bridge-metrics.js';
import { LABEL_VALUES, METRICS } from '../../src/bridge/metrics/metric-table.js';
import { installMeasuredRuntime } from '../../src/bridge/runtime.js';
import { createLogger } from '../../src/index.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';

const log = createLogger({ level: 'error', format: 'json', destination: { write: () => true } });

/** A meter that keeps what is recorded as `name{labels} value`. */
function fakeMeter(record: (text: string) => void): MetricMeter {
  const instrument = (name: string) => {
    const write = (value: number, labels = {}) => {
      record(`${name}${JSON.stringify(labels)} ${value}`);
    };
    return { add: write, set: write, record: write };
  };
  return {
    createCounter: instrument,
    createGauge: instrument,
    createHistogram: instrument,
  } as unknown as MetricMeter;
}

describe('docs/observability.md', () => {
  const document = readDocument('docs/observability.md');

  it('lists each metric with its type, labels and meaning, and no other', () => {
    assert.deepEqual(
      readTable(document, '### Metrics table').rows.map(([name, type, labels, meaning]) => [
        codeOf(name),
        type,
        labels?.split(', ').map((label) => codeOf(label)),
        meaning,
      ]),
      Object.entries(METRICS).map(([name, { type, labels, doc }]) => [name, type, [...labels], doc]),
    );
  });

  it('lists the values of each label that is a word of the bridge’s', () => {
    assert.deepEqual(
      readTable(document, '### Label values').rows.map(([, values]) =>
        values?.split(', ').map((value) => codeOf(value)),
      ),
      Object.values(LABEL_VALUES).map((values) => [...values]),
    );
  });
});

describe('metrics', () => {
  it('have names and labels that Prometheus takes, and counters no suffix', () => {
    for (const [name, { labels }] of Object.entries(METRICS)) {
      assert.match(name, /^bridge_[a-z_]+(?<!_total)$/);
      for (const label of labels) assert.match(label, /^[a-z_]+$/);
    }
  });

  it('show counters as 0 from the start, and again on a new meter', () => {
    let lines: string[] = [];
    const meters = [0, 1].map((n) => fakeMeter((text) => lines.push(`${n} ${text}`)));
    let [meter] = meters;
    const metrics = new BridgeMetrics(log, () => meter ?? assert.fail());
    const calls = metrics.declareCallerSide('a', 'b');
    metrics.declareHandlerSide('a', 'b');
    metrics.declareBuild('both');
    const path = '{"source_cluster":"a","destination_cluster":"b"';
    assert.ok(lines.includes(`0 bridge_calls_started${path}} 0`));
    assert.ok(lines.includes(`0 bridge_remote_start_errors${path},"reason":"denied"} 0`));
    assert.ok(lines.includes(`0 bridge_calls_completed${path},"outcome":"failed","way":"signal"} 0`));
    const declared = new Set(lines);
    assert.equal(lines.filter((line) => !/bridge_build_info.* 1$|\} 0$/.test(line)).length, 0);
    [, meter] = meters;
    lines = [];
    calls.started();
    assert.equal(lines.pop(), `1 bridge_calls_started${path}} 1`);
    assert.deepEqual(new Set(lines.map((line) => line.replace(/^1/, '0'))), declared);
  });

  it('take no time where clocks say that something ended before it began', () => {
    const lines: string[] = [];
    const metrics = new BridgeMetrics(log, () => fakeMeter((text) => lines.push(text)));
    metrics.between('a', 'b').delivered(-5);
    metrics.between('a', 'b').delivered(1.6);
    assert.deepEqual(
      lines.map((line) => line.split(' ').at(-1)),
      ['0', '2'],
    );
  });

  it('that cannot be recorded trouble no call, and are told once', () => {
    const told: string[] = [];
    const warn = (message: string) => told.push(message);
    const meter = () => {
      throw new Error('no runtime');
    };
    const metrics = new BridgeMetrics({ ...log, warn }, meter);
    metrics.declareCallerSide('a', 'b').started();
    metrics.heartbeat('a', 1, true);
    assert.deepEqual(told, ['Metrics cannot be recorded']);
  });
});

describe('the runtime of a bridge’s own process', () => {
  it('outlives connections that fail, and ends once it is released', async () => {
    const { metricsUrl, release } = await installMeasuredRuntime(log);
    const runtime = Runtime.instance();
    const metrics = new BridgeMetrics(log);
    metrics.between('a', 'b').started();
    await assert.rejects(NativeConnection.connect({ address: `127.0.0.1:${await pickFreePort()}` }));
    assert.equal(Runtime.instance(), runtime);
    const text = await (await fetch(metricsUrl)).text();
    assert.match(text, /^bridge_calls_started\{destination_cluster="b",source_cluster="a"\} 1$/m);
    await release();
    await assert.rejects(fetch(metricsUrl));
  });
});
