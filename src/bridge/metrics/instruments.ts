import type { MetricMeter } from '@temporalio/common';
import type { LabelsOf, MetricName } from './metric-table.js';
import { METRICS } from './metric-table.js';

type Record1 = (value: number, labels: Readonly<Record<string, string>>) => void;

function instrument(meter: MetricMeter, name: MetricName): Record1 {
  const { type, doc } = METRICS[name];
  switch (type) {
    case 'counter': {
      const counter = meter.createCounter(name, '', doc);
      return (value, labels) => counter.add(value, labels);
    }
    case 'gauge': {
      const gauge = meter.createGauge(name, 'int', '', doc);
      return (value, labels) => gauge.set(value, labels);
    }
    case 'histogram': {
      const histogram = meter.createHistogram(name, 'int', 'ms', doc);
      return (value, labels) => histogram.record(value, labels);
    }
  }
}

/**
 * The bridge's metrics on whichever meter the process has. The SDK's runtime, and its meter with it, ends with the last
 * connection of a process and is made anew with the next one: what was declared is declared again there.
 */
export class Instruments {
  readonly #meterNow: () => MetricMeter | undefined;
  readonly #onTrouble: (error: unknown) => void;
  readonly #declarations: (() => void)[] = [];
  #meter: MetricMeter | undefined;
  #made = new Map<MetricName, Record1>();

  constructor(meterNow: () => MetricMeter | undefined, onTrouble: (error: unknown) => void) {
    this.#meterNow = meterNow;
    this.#onTrouble = onTrouble;
  }

  /** Records a value; whatever goes wrong, no call notices. */
  record<N extends MetricName>(name: N, value: number, labels: LabelsOf<N>): void {
    try {
      this.#renew();
      let made = this.#made.get(name);
      if (!made && this.#meter) this.#made.set(name, (made = instrument(this.#meter, name)));
      // Clocks of two machines are compared in places: what ended before it began took no time.
      made?.(Math.max(0, Math.round(value)), labels);
    } catch (error) {
      this.#onTrouble(error);
    }
  }

  /** Records what shall be there from the start, and again on each new meter. */
  declare(declaration: () => void): void {
    this.#declarations.push(declaration);
    declaration();
  }

  #renew(): void {
    const meter = this.#meterNow();
    if (meter === this.#meter) return;
    this.#meter = meter;
    this.#made = new Map();
    if (!meter) return;
    for (const declaration of this.#declarations) declaration();
  }
}
