/** What the sandbox side uses of the SDK's internals is there, and a version without it is told so in words. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import {
  ActivityFailure,
  type DefaultFailureConverter,
  IllegalStateError,
  type TemporalFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common';
import type { PayloadConverter, ProtoFailure } from '@temporalio/common';
import { TRACE_HEADER as SDK_TRACE_HEADER } from '@temporalio/interceptors-opentelemetry/lib/instrumentation.js';
import { OpenTelemetryOutboundInterceptor } from '@temporalio/interceptors-opentelemetry/lib/workflow/index.js';
import { Runtime } from '@temporalio/worker';
import { Activator } from '@temporalio/workflow/lib/internals.js';
import { install, isInWorkflow, userConverters } from '../../src/workflow/sdk-runtime.js';
import { encodeAnchorFailure } from '../../src/shared/wire/anchor-report.js';
import { TRACE_HEADER } from '../../src/shared/names.js';
import { payloadOf } from '../../src/shared/payloads.js';
import { REMOTE } from '../support/wire-samples.js';

const place = globalThis as { __TEMPORAL_ACTIVATOR__?: unknown };

function fakeActivator(payloadConverter: PayloadConverter = defaultPayloadConverter) {
  const made = {
    interceptors: {
      inbound: [{ theirs: true }],
      outbound: [{ theirs: true }],
      internals: [{ theirs: true }],
    } as {
      inbound: object[];
      outbound: object[];
      internals: object[];
    },
    payloadConverter,
    failureConverter: defaultFailureConverter as DefaultFailureConverter,
    workflowSerializationContext: () => ({ type: 'workflow', namespace: 'n', workflowId: 'w' }),
  };
  place.__TEMPORAL_ACTIVATOR__ = made;
  return made;
}

describe('the SDK’s workflow runtime', () => {
  afterEach(() => {
    delete place.__TEMPORAL_ACTIVATOR__;
  });

  it('has, in the installed version, all that is used of it', () => {
    const made = new Activator({
      info: { namespace: 'n', workflowId: 'w', workflowType: 'T', runId: 'r' },
      now: 0,
      randomnessSeed: [1],
      sourceMap: {},
      showStackTraceSources: false,
      registeredActivityNames: new Set(),
      getTimeOfDay: () => 0n,
    } as unknown as ConstructorParameters<typeof Activator>[0]);
    assert.ok(
      Array.isArray(made.interceptors.inbound) &&
        Array.isArray(made.interceptors.outbound) &&
        Array.isArray(made.interceptors.internals),
    );
    assert.equal(typeof made.payloadConverter.fromPayload, 'function');
    assert.equal(typeof made.failureConverter.failureToError, 'function');
    assert.equal(typeof made['workflowSerializationContext'], 'function');
    place.__TEMPORAL_ACTIVATOR__ = made;
    assert.ok(isInWorkflow());
    const { toPayload, fromPayload } = userConverters();
    assert.deepEqual(fromPayload(toPayload({ a: 1 })), { a: 1 });
  });

  it('is left alone outside of a workflow', () => {
    assert.equal(isInWorkflow(), false);
    install({ inbound: [], outbound: [], internals: [] });
    assert.throws(() => userConverters(), IllegalStateError);
    assert.throws(() => userConverters(), /from workflow code only/);
  });

  it('is refused with a word about versions where it is another', () => {
    for (const other of [
      {},
      { interceptors: {} },
      { interceptors: { inbound: [], outbound: [] } },
      { interceptors: { inbound: [], outbound: [], internals: [] } },
      null,
      7,
    ]) {
      place.__TEMPORAL_ACTIVATOR__ = other;
      assert.throws(() => userConverters(), /this version of @temporalio\/workflow is not one/);
    }
  });

  it('gets the interceptors once: ours first on the way out, last on the way in', () => {
    const made = fakeActivator();
    const ours = { inbound: [{ handleSignal: () => undefined }], outbound: [{}], internals: [{}] } as never;
    install(ours);
    install(ours);
    assert.equal(made.interceptors.inbound.length, 2);
    assert.equal(made.interceptors.outbound.length, 2);
    assert.equal(made.interceptors.internals.length, 2);
    assert.ok('theirs' in (made.interceptors.inbound[0] ?? {}));
    assert.ok('theirs' in (made.interceptors.outbound[1] ?? {}));
  });

  it('hands out a bridge’s failure without reading its details, and a user’s as the user’s converter makes it', () => {
    const made = fakeActivator();
    install({ inbound: [], outbound: [], internals: [] });
    const unreadable = payloadOf('binary/encrypted', new Uint8Array([1]));
    const target: ProtoFailure = {
      message: 'none left',
      applicationFailureInfo: { type: 'OutOfStock', details: { payloads: [unreadable] } },
    };
    const activity = (cause: ProtoFailure): ProtoFailure => ({
      message: 'Activity task failed',
      activityFailureInfo: { activityType: { name: 'StartWorkflowInRemote' }, activityId: '1' },
      cause,
    });
    const ours = activity(encodeAnchorFailure({ status: 'failed', failure: target }, REMOTE));
    const error = made.failureConverter.failureToError(ours, defaultPayloadConverter);
    assert.ok(error instanceof ActivityFailure);
    assert.equal((error as TemporalFailure).failure, ours);
    const theirs = activity(target);
    assert.throws(() => made.failureConverter.failureToError(theirs, defaultPayloadConverter), /encoding/);
  });
});

describe('other internals of the SDK', () => {
  it('are, in the installed version, what the host side counts on to keep the runtime', async () => {
    const runtime = Runtime.instance();
    try {
      assert.ok(runtime['backRefs'] instanceof Set);
      assert.equal(typeof runtime['shutdownIfIdle'], 'function');
    } finally {
      await runtime.shutdown();
    }
  });

  it('have the names by which tracing is known', () => {
    assert.equal(OpenTelemetryOutboundInterceptor.name, 'OpenTelemetryOutboundInterceptor');
    assert.equal(TRACE_HEADER, SDK_TRACE_HEADER);
  });
});
