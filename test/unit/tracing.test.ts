/** What spans say of a call, and what they do not. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { ApplicationFailure, CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import { repoRoot } from '../../scripts/stack/paths.js';
import { endOfFailure, endOfResult } from '../../src/bridge/tracing/attempt-end.js';
import { ATTRIBUTE, SPAN, workflowAttributes } from '../../src/bridge/tracing/attributes.js';
import { SpanIds } from '../../src/bridge/tracing/span-ids.js';
import { callSpanIds } from '../../src/shared/call-span-ids.js';
import { contextIn } from '../../src/bridge/tracing/trace-headers.js';
import type { TracedSide } from '../../src/bridge/tracing/tracing.js';
import { wantsTraces } from '../../src/bridge/tracing/tracing.js';
import { withoutTexts } from '../../src/bridge/tracing/workflow-spans.js';
import { outcomeFailure, waitingFailure } from '../../src/bridge/waiting-failure.js';
import { refused } from '../../src/shared/outcome.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';

const CALL_ID = '0123456789abcdef'.repeat(4);
const SECRET = 'canary-7f3a';

describe('docs/observability.md', () => {
  const document = readDocument('docs/observability.md');
  const names = (heading: string) => readTable(document, heading).rows.map(([name]) => codeOf(name));

  it('lists each attribute that the bridge sets, and no other', () => {
    assert.deepEqual(names('### Attributes').sort(), Object.values(ATTRIBUTE).sort());
  });

  it('lists each span that the bridge makes, and no other', () => {
    assert.deepEqual(
      names('### Spans').map((name) => name?.split(':')[0]),
      Object.values(SPAN),
    );
  });
});

describe('tracing', () => {
  it('is asked for by OpenTelemetry’s own variables', () => {
    const url = 'http://localhost:4318';
    for (const env of [
      { OTEL_EXPORTER_OTLP_ENDPOINT: url },
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url },
      { OTEL_TRACES_EXPORTER: 'console' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SDK_DISABLED: 'false' },
    ])
      assert.equal(wantsTraces(env), true, JSON.stringify(env));
    for (const env of [
      {},
      { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' },
      { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SDK_DISABLED: 'TRUE' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_TRACES_EXPORTER: 'none' },
    ])
      assert.equal(wantsTraces(env), false, JSON.stringify(env));
  });

  it('that nobody asks for loads nothing of OpenTelemetry', async () => {
    const script = `
      import { createRequire } from 'node:module';
      const { startTracing } = await import('./src/index.ts');
      const tracing = await startTracing({ warn() {} });
      const cached = Object.keys(createRequire(import.meta.url).cache);
      console.log(JSON.stringify({ tracing: tracing !== undefined, loaded: cached.filter((path) => path.includes('@opentelemetry')).length }));
      process.exit();`;
    const load = async (env: Record<string, string>) => {
      const args = ['--import', 'tsx', '--input-type=module', '-e', script];
      const { stdout } = await promisify(execFile)(process.execPath, args, {
        cwd: repoRoot,
        env: { PATH: process.env['PATH'], ...env },
      });
      return JSON.parse(stdout) as { tracing: boolean; loaded: number };
    };
    assert.deepEqual(await load({}), { tracing: false, loaded: 0 });
    const asked = await load({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    assert.ok(asked.tracing && asked.loaded > 0, 'the figures show what is loaded');
  });

  const startIn = async (env: Record<string, string>, before = '') => {
    const script = `
      ${before}
      const { startTracing } = await import('./src/index.ts');
      const warnings = [];
      const tracing = await startTracing({ warn: (message, fields) => warnings.push(message + ': ' + (fields?.why ?? '')) });
      await new Promise((resolve) => setTimeout(resolve, 200));
      const listens = process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPServer')).length;
      console.log(JSON.stringify({ traces: tracing !== undefined, listens, warnings }));
      process.exit();`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: repoRoot,
      env: { PATH: process.env['PATH'], ...env },
    });
    return JSON.parse(stdout) as { traces: boolean; listens: number; warnings: string[] };
  };
  const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };

  it('that cannot be started is told, and is no reason not to start', async () => {
    for (const exporter of ['oltp', 'jaeger']) {
      const { traces, warnings } = await startIn({ ...ENDPOINT, OTEL_TRACES_EXPORTER: exporter });
      assert.equal(traces, false, exporter);
      assert.match(warnings.at(-1) ?? '', /^Tracing could not be started; calls go on without: ./, exporter);
    }
  });

  it('as it should be is not worth a word, and opens no port for metrics', async () => {
    const metrics = { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: '0' };
    assert.deepEqual(await startIn({ ...ENDPOINT, ...metrics }), { traces: true, listens: 0, warnings: [] });
  });

  it('does not take the place of an SDK that it cannot join', async () => {
    const before = `
      const { trace } = await import('@opentelemetry/api');
      trace.setGlobalTracerProvider({ getTracer: () => undefined });`;
    const { traces, warnings } = await startIn({}, before);
    assert.equal(traces, false);
    assert.match(warnings.join(), /not of the 1\.x line/);
  });
});

describe('the span of a call', () => {
  it('has ids made of the call’s, which OpenTelemetry takes', () => {
    const ids = new SpanIds();
    const preset = callSpanIds(CALL_ID);
    const made = ids.preset(preset, () => ({ traceId: ids.generateTraceId(), spanId: ids.generateSpanId() }));
    assert.deepEqual(made, { traceId: CALL_ID.slice(0, 32), spanId: CALL_ID.slice(32, 48) });
    assert.ok(trace.isSpanContextValid({ ...preset, traceFlags: TraceFlags.SAMPLED }));
    assert.notEqual(ids.generateTraceId(), preset.traceId);
    assert.notEqual(ids.generateSpanId(), preset.spanId);
  });
});

describe('a trace context in a header', () => {
  const header = (value: unknown) => defaultPayloadConverter.toPayload(value);
  const traceparent = `00-${CALL_ID.slice(0, 32)}-${CALL_ID.slice(32, 48)}-00`;

  it('is read with its sampling decision, and without baggage', () => {
    const found = contextIn(header({ traceparent, tracestate: 'a=b', baggage: `user=${SECRET}` }));
    assert.ok(found);
    const { traceFlags, spanId } = trace.getSpanContext(found) ?? {};
    assert.deepEqual([traceFlags, spanId], [TraceFlags.NONE, CALL_ID.slice(32, 48)]);
  });

  it('is none if it cannot be read', () => {
    const bytes = { metadata: { encoding: new Uint8Array([1]) }, data: new Uint8Array([2]) };
    for (const garbage of [
      undefined,
      header(null),
      header('x'),
      header({}),
      header({ traceparent: 7 }),
      bytes,
      {},
    ])
      assert.equal(contextIn(garbage as never), undefined, JSON.stringify(garbage));
  });
});

describe('what an attempt came to', () => {
  const input = { headers: {}, args: [] };
  const remote = { wrapperWorkflowId: 'w', workflowId: 't', runId: 'r' };

  it('is one word and a type, and never what a failure says', () => {
    const failed = outcomeFailure({ status: 'failed', failure: { message: SECRET } }, remote);
    const ends = [
      [endOfResult('StartWorkflowInRemote', input, SECRET), { outcome: 'completed', isLast: true }],
      [
        endOfResult('AdmitRemoteCall', input, { admitted: false, type: 'CALL_EXPIRED', message: SECRET }),
        { outcome: 'refused', errorType: 'CALL_EXPIRED', isLast: true },
      ],
      [
        endOfResult('SendCompletion', input, { delivered: 'caller-gone', note: SECRET }),
        { outcome: 'unknown', delivery: 'caller-gone', isLast: true },
      ],
      [endOfFailure(failed), { outcome: 'failed', errorType: 'REMOTE_WORKFLOW_FAILED', isLast: true }],
      [
        endOfFailure(outcomeFailure(refused('OUTCOME_LOST', SECRET), remote)),
        { outcome: 'refused', errorType: 'OUTCOME_LOST', isLast: true },
      ],
      [
        endOfFailure(waitingFailure('REMOTE_RUNNING', SECRET, 1, 'yes')),
        { outcome: 'running', isLast: false },
      ],
      [
        endOfFailure(waitingFailure('REMOTE_UNREACHABLE', SECRET, 1, 'no')),
        { outcome: 'unreachable', errorType: 'REMOTE_UNREACHABLE', isLast: false },
      ],
      [endOfFailure(new CancelledFailure(SECRET)), { outcome: 'canceled', isLast: true }],
      [
        endOfFailure(ApplicationFailure.nonRetryable(SECRET, 'INVALID_REQUEST')),
        { outcome: 'error', errorType: 'INVALID_REQUEST', isLast: true },
      ],
      [endOfFailure(new TypeError(SECRET)), { outcome: 'error', errorType: 'TypeError', isLast: false }],
      [endOfFailure(SECRET), { outcome: 'error', errorType: 'unknown', isLast: false }],
    ] as const;
    for (const [end, expected] of ends) assert.deepEqual(end, expected);
  });
});

describe('a span out of a workflow', () => {
  it('keeps what names things: no memo, no last result, no message', () => {
    const where: TracedSide = { side: 'handler', cluster: { name: 'b' }, defaultTargetCluster: 'b' };
    const info = {
      namespace: 'n',
      workflowId: `bridge-call-${CALL_ID}`,
      runId: 'r',
      taskQueue: 'q',
      attempt: 1,
      memo: { a: SECRET },
      lastResult: SECRET,
      lastFailure: new Error(SECRET),
    };
    const attributes = workflowAttributes(where, info as never);
    assert.equal(attributes[ATTRIBUTE.callId], CALL_ID);
    const span = withoutTexts({
      name: 'RunWorkflow:X',
      kind: SpanKind.INTERNAL,
      spanContext: { ...callSpanIds(CALL_ID), traceFlags: TraceFlags.SAMPLED },
      startTime: [0, 0],
      endTime: [0, 0],
      status: { code: SpanStatusCode.ERROR, message: SECRET },
      attributes: { a: SECRET },
      links: [],
      events: [
        {
          name: 'exception',
          time: [0, 0],
          attributes: { 'exception.type': 'T', 'exception.message': SECRET },
        },
      ],
      duration: [0, 0],
      ended: true,
      droppedAttributesCount: 0,
      droppedLinksCount: 0,
      droppedEventsCount: 0,
      instrumentationLibrary: { name: 'x' },
    });
    assert.equal(span.attributes[ATTRIBUTE.errorType], 'T');
    assert.ok(!JSON.stringify([attributes, span]).includes(SECRET));
  });
});
