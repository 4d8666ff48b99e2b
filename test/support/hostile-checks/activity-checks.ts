/** The checks of what activities are handed, on both sides. */
import { generateKeyPairSync } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Payload } from '@temporalio/common';
import { createSealer, createSealVerifier } from '../../../src/bridge/seal.js';
import { CALL_HEADER, REMOTE_CALL_HEADER } from '../../../src/shared/names.js';
import { jsonPayload, payloadOf } from '../../../src/shared/payloads.js';
import { CALL, REMOTE_CALL } from '../wire-samples.js';
import type { HostileCheck } from './check.js';
import { altered, checksOf } from './check.js';
import type { Load } from './mutants.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const SILENT = { warn: () => undefined, info: () => undefined, error: () => undefined };
const METRICS = { refused: () => undefined };
const cluster = (name: string) => ({ cluster: { name, namespace: 'default' } });
/** A handler cluster that has one search attribute, a keyword. */
const handlerCluster = () => ({
  ...cluster('cluster-b'),
  request: (send: () => unknown) => send(),
  client: {
    connection: {
      operatorService: { listSearchAttributes: () => Promise.resolve({ customAttributes: { Known: 2 } }) },
    },
  },
});

/** Runs with the context of an activity that this workflow has scheduled. */
async function asActivity(workflowId: string, run: () => unknown): Promise<unknown> {
  const environment = new MockActivityEnvironment({
    workflowExecution: { workflowId, runId: 'r' },
    workflowNamespace: 'default',
    namespace: 'default',
    taskQueue: 'bridge-handler-queue',
  });
  return environment.run(async () => Promise.resolve(run()));
}

const inputOf = (headers: Readonly<Record<string, unknown>>, payloads: readonly Payload[]) => ({
  payloads,
  header: (name: string) => (name in headers ? jsonPayload(headers[name]) : undefined),
});

/** Hands a call to the caller side: the value at the path is the hostile part. */
const onA =
  (path: string, value: unknown, payloads: readonly Payload[] = []) =>
  async (load: Load) => {
    const { readCall } = (await load('src/bridge/caller/read-call')) as {
      readCall: (sides: object, input: object) => { call: unknown };
    };
    const side = { sourceCluster: 'cluster-a', log: SILENT, metrics: METRICS };
    const sides = { byDefault: side, byCluster: new Map([['cluster-b', side]]) };
    const headers = { [CALL_HEADER]: path === '' ? CALL : altered(CALL, path, value) };
    return asActivity(CALL.caller.workflowId, () => readCall(sides, inputOf(headers, payloads)).call);
  };

/** Hands a call to the handler side's admission: the value at the path is the hostile part; the seal is good. */
const onB =
  (path: string, value: unknown, payloads: readonly Payload[] = []) =>
  async (load: Load) => {
    const { admitRemoteCall } = (await load('src/bridge/handler/admit-remote-call')) as {
      admitRemoteCall: (side: object, input: object) => unknown;
    };
    const replyTo = createSealer(privateKey).seal(REMOTE_CALL.replyTo);
    const sound = { ...REMOTE_CALL, startBy: Date.now() + 60_000, replyTo };
    const side = {
      own: handlerCluster(),
      callers: [cluster('cluster-a')],
      verifier: createSealVerifier([publicKey]),
      allow: { isOpen: true, deniedToHandler: () => undefined },
      caps: { isSet: false },
      clockSkewMs: 5_000,
      log: SILENT,
      metrics: { between: () => METRICS },
    };
    const headers = { [REMOTE_CALL_HEADER]: path === '' ? sound : altered(sound, path, value) };
    const run = () => admitRemoteCall(side, inputOf(headers, payloads));
    return asActivity(REMOTE_CALL.replyTo.wrapperWorkflowId, run);
  };
const withAttribute = (name: string, type: string, value: unknown) =>
  onB('target.options', { searchAttributes: [{ name, type, value }] });
const withRetry = (retry: object) => onB('target.options', { retry });

const reference = payloadOf('json/protobuf', Buffer.from('{}'));
const REFERENCE: Payload = {
  ...reference,
  metadata: {
    ...reference.metadata,
    messageType: Buffer.from('temporal.api.sdk.v1.ExternalStorageReference'),
  },
};
const LARGE = payloadOf('binary/plain', new Uint8Array(2_100_000));

const CALLER_SIDE = checksOf('activity on A', 'src/bridge/caller/read-call.ts', [
  {
    name: 'a call is made by the workflow that it names',
    find: 'if (workflowExecution?.workflowId !== caller.workflowId || namespace',
    replace: 'if (namespace',
    input: onA('caller.workflowId', 'another'),
    says: /names another workflow/,
  },
  {
    name: 'a call is made in the namespace that it names',
    find: ' || namespace !== caller.namespace)',
    replace: ')',
    input: onA('caller.namespace', 'another'),
    says: /names another workflow/,
  },
  {
    name: 'a call’s wrapper is its own',
    find: '  if (wrapperWorkflowId !== wrapperWorkflowIdOf(callId))\n',
    replace: '  if (false)\n',
    input: onA('wrapperWorkflowId', 'bridge-call-another'),
    says: /names a wrapper that is not its own/,
  },
  {
    name: 'a call is to a cluster that is reached',
    find: '  const side = cluster === undefined ? sides.byDefault : sides.byCluster.get(cluster);',
    replace: '  const side = sides.byDefault;',
    input: onA('cluster', '__proto__'),
    says: /this bridge reaches cluster-b/,
  },
  {
    name: 'a call was made for this caller cluster',
    find: '  if (call.sourceCluster !== undefined && call.sourceCluster !== side.sourceCluster) {',
    replace: '  if (false) {',
    input: onA('sourceCluster', 'another'),
    says: /expected the same name/,
  },
  {
    name: 'arguments are no references to external storage',
    find: '  if (reference !== undefined) throw',
    replace: '  if (false) throw',
    input: onA('', undefined, [REFERENCE]),
    says: /payload 1 of 1 is a reference/,
  },
  {
    name: 'arguments are not too large on A',
    find: '  if (bytes > MAX_ARGUMENTS_BYTES) {',
    replace: '  if (false) {',
    input: onA('', undefined, [LARGE]),
    says: /bytes as they travel; expected at most/,
  },
]);

const HANDLER_SIDE = [
  ...checksOf('activity on B', 'src/bridge/handler/admit-remote-call.ts', [
    {
      name: 'a target’s id is not too long',
      find: '  if (workflowId.length > MAX_WORKFLOW_ID_CHARS) {',
      replace: '  if (false) {',
      input: onB('target.workflowId', 'x'.repeat(256)),
      says: /target id of 256 characters/,
    },
    {
      name: 'a target’s type and queue are not too long',
      find: '    if (name.length > MAX_NAME_CHARS) {',
      replace: '    if (false) {',
      input: onB('target.workflowType', 'x'.repeat(256)),
      says: /workflow type of 256 characters/,
    },
    {
      name: 'a target’s queue is not the bridge’s own',
      find: '  if (isOwnQueue || workflowType',
      replace: '  if (workflowType',
      input: onB('target.taskQueue', 'bridge-handler-queue'),
      says: /reserved target/,
    },
    {
      name: 'a target is no wrapper',
      find: ' || workflowType === REMOTE_CALL_WORKFLOW ||',
      replace: ' ||',
      input: onB('target.workflowType', 'RemoteCallWorkflow'),
      says: /reserved target/,
    },
    {
      name: 'a target’s queue is not the server’s own',
      find: ' || RESERVED_TASK_QUEUE.test(taskQueue)) {',
      replace: ') {',
      input: onB('target.taskQueue', '/_sys/x/1'),
      says: /reserved target/,
    },
    {
      name: 'arguments are not too large on B',
      find: '  if (bytes > MAX_ARGUMENTS_BYTES) {',
      replace: '  if (false) {',
      input: onB('', undefined, [LARGE]),
      says: /arguments of \d+ bytes/,
    },
    {
      name: 'a call comes in time',
      find: '  return lateMs > side.clockSkewMs\n',
      replace: '  return false\n',
      input: onB('startBy', 1),
      says: /CALL_EXPIRED/,
    },
  ]),
  ...checksOf('activity on B', 'src/bridge/handler/check-caller.ts', [
    {
      name: 'a call is from a caller that is served',
      find: '({ cluster }) => replyTo.namespace === cluster.namespace && replyTo',
      replace: '({ cluster }) => replyTo',
      input: async (load) => {
        const { checkCaller } = (await load('src/bridge/handler/check-caller')) as {
          checkCaller: (side: object, call: object) => { refusal?: string };
        };
        const side = {
          own: cluster('cluster-b'),
          callers: [cluster('cluster-a')],
          verifier: { check: () => undefined },
          log: SILENT,
          metrics: { between: () => METRICS },
        };
        const other = altered(REMOTE_CALL, 'replyTo.namespace', 'another');
        return asActivity('w', () => (checkCaller(side, other).refusal === undefined ? 'served' : 'refused'));
      },
      says: /this handler side serves default of cluster-a/,
    },
  ]),
  ...checksOf('activity on B', 'src/bridge/handler/target-options-check.ts', [
    {
      name: 'a retry policy is one that the SDK takes',
      find: '  } catch (error) {\n    return invalid(`retry policy: ${error instanceof Error',
      replace: '  } catch (error) {\n    if (false) return invalid(`retry policy: ${error instanceof Error',
      input: withRetry({ initialIntervalMs: 2000, maximumIntervalMs: 1000 }),
      says: /maximumInterval cannot be less/,
    },
    {
      name: 'a retry coefficient is at least 1',
      find: '  if (backoffCoefficient !== undefined && backoffCoefficient < 1)\n',
      replace: '  if (false)\n',
      input: withRetry({ backoffCoefficient: 0.5 }),
      says: /backoffCoefficient 0.5; expected at least 1/,
    },
    {
      name: 'retry attempts have 32 bits',
      find: '  if ((maximumAttempts ?? 0) > 2 ** 31 - 1)\n',
      replace: '  if (false)\n',
      input: withRetry({ maximumAttempts: 2 ** 31 }),
      says: /maximumAttempts 2147483648/,
    },
    {
      name: 'a search attribute is known',
      find: '    if (registered === undefined)\n',
      replace: '    if (registered === undefined) continue;\n    if (false)\n',
      input: withAttribute('__proto__', 'KEYWORD', 'x'),
      says: /no search attribute __proto__/,
    },
    {
      name: 'a search attribute is of the type that is known',
      find: '    if (registered !== type)\n',
      replace: '    if (false)\n',
      input: withAttribute('Known', 'INT', 7),
      says: /search attribute Known is of type KEYWORD/,
    },
    {
      name: 'a type of time-out is one',
      find: "(type) => type.startsWith('TemporalTimeout:') && !TIMEOUT_TYPE.test(type),",
      replace: '() => false,',
      input: withRetry({ nonRetryableErrorTypes: ['TemporalTimeout:Never'] }),
      says: /TemporalTimeout:Never/,
    },
  ]),
];

/** All of them. */
export const ACTIVITY_CHECKS: readonly HostileCheck[] = [...CALLER_SIDE, ...HANDLER_SIDE];
