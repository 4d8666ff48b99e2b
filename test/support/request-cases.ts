/** For each check of a request the case that only this check refuses. */
import type { Payload } from '@temporalio/common';
import { MAX_ARGUMENT_DEPTH } from '../../src/shared/limits.js';
import { jsonPayload, payloadOf } from '../../src/shared/payloads.js';

const bytes = (text: string) => new TextEncoder().encode(text);
/** The least request of the plain form. */
export const plain = { workflowType: 'T', taskQueue: 'q' };
/** The least request of the article form. */
export const article = { WorkflowType: 'T', TaskQueue: 'q' };
/** A value as the one argument. */
export const one = (value: unknown) => [jsonPayload(value)];
/** A JSON text as the one argument, however it is made. */
export const json = (text: string) => [payloadOf('json/plain', bytes(text))];
/** Lists inside one another. */
export const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const LONG = 'x'.repeat(256);

/** A request that one check refuses, and how. */
export interface Case {
  readonly payloads: readonly Payload[];
  readonly field: string;
  /** A part of the message: the value as it was seen. */
  readonly got: string;
  readonly expected: RegExp;
}

function bad(payloads: readonly Payload[], field: string, got: string, expected: RegExp): Case {
  return { payloads, field, got, expected };
}

/** For each check the one case that nothing but this check refuses. */
export const CASES: Readonly<Record<string, Case>> = {
  'exactly one argument': bad([...one(plain), ...one(plain)], 'input', '2', /exactly one argument/),
  'JSON encoding': bad(
    [payloadOf('binary/encrypted', bytes(JSON.stringify(plain)))],
    'input',
    '"binary/encrypted"',
    /json\/plain/,
  ),
  'JSON syntax': bad(json('{"WorkflowType":"T"'), 'input', '"{\\"WorkflowType', /JSON/),
  'a JSON object': bad(one([plain]), 'input', '[{"workflowType"', /a JSON object/),
  'known keys of one form': bad(
    one({ ...plain, TaskQueue: 'q' }),
    'input',
    '"TaskQueue"',
    /keys workflowType, taskQueue, args/,
  ),
  'workflowType is a text': bad(
    one({ TaskQueue: 'q' }),
    'WorkflowType',
    'nothing',
    /name of a workflow type/,
  ),
  'workflowType is not empty': bad(
    one({ ...plain, workflowType: ' ' }),
    'workflowType',
    '" "',
    /name of a workflow type/,
  ),
  'workflowType is not too long': bad(
    one({ ...plain, workflowType: LONG }),
    'workflowType',
    '"xxxx',
    /at most 255 characters/,
  ),
  'workflowType has no lone surrogate': bad(
    json('{"workflowType":"a\\ud800","taskQueue":"q"}'),
    'workflowType',
    '\\ud800',
    /lone surrogate/,
  ),
  'workflowType is not the bridge’s own': bad(
    one({ ...article, WorkflowType: 'RemoteCallWorkflow' }),
    'WorkflowType',
    '"RemoteCallWorkflow"',
    /not reserved/,
  ),
  'taskQueue is a text': bad(one({ ...plain, taskQueue: 7 }), 'taskQueue', '7', /name of a task queue/),
  'taskQueue is not empty': bad(one({ ...plain, taskQueue: '' }), 'taskQueue', '""', /name of a task queue/),
  'taskQueue is not too long': bad(
    one({ ...article, TaskQueue: LONG }),
    'TaskQueue',
    '"xxxx',
    /at most 255 characters/,
  ),
  'taskQueue has no lone surrogate': bad(
    json('{"workflowType":"T","taskQueue":"\\udfff"}'),
    'taskQueue',
    '\\udfff',
    /lone surrogate/,
  ),
  'taskQueue is not reserved': bad(
    one({ ...plain, taskQueue: 'temporal-sys-tq' }),
    'taskQueue',
    '"temporal-sys-tq"',
    /not reserved/,
  ),
  'input is a text (article form)': bad(one({ ...article, Input: { a: 1 } }), 'Input', '{"a":1}', /base64/),
  'input is base64 (article form)': bad(one({ ...article, Input: 'e30' }), 'Input', '"e30"', /base64/),
  'args is a list (plain form)': bad(one({ ...plain, args: { 0: 'x' } }), 'args', '{"0":"x"}', /a list/),
  'args is not too long (plain form)': bad(
    one({ ...plain, args: Array.from({ length: 129 }, () => 0) }),
    'args',
    '129',
    /at most 128 arguments/,
  ),
  'args is not nested too deeply (plain form)': bad(
    json(`{"workflowType":"T","taskQueue":"q","args":[${nested(MAX_ARGUMENT_DEPTH + 1)}]}`),
    'args',
    '[[[[',
    /at most 500 lists/,
  ),
  'timeout is a number or a text': bad(one({ ...plain, timeout: true }), 'timeout', 'true', /nanoseconds/),
  'timeout is whole nanoseconds': bad(
    one({ ...article, Timeout: 60e9 + 0.5 }),
    'Timeout',
    '60000000000.5',
    /whole nanoseconds/,
  ),
  'timeout is a duration': bad(one({ ...article, Timeout: '-90s' }), 'Timeout', '"-90s"', /a duration/),
  'timeout is not negative': bad(one({ ...article, Timeout: -1 }), 'Timeout', '-1', /0 \(the default/),
  'timeout is not too short': bad(one({ ...article, Timeout: 90 }), 'Timeout', '90', /at least 1ms/),
  'timeout is not too long': bad(one({ ...plain, timeout: '366d' }), 'timeout', '"366d"', /at most 365d/),
  'idMode is one of its choices': bad(
    one({ ...article, IDMode: 'Article' }),
    'IDMode',
    '"Article"',
    /hashed \| article/,
  ),
  'scope is one of its choices': bad(one({ ...plain, scope: 'all' }), 'scope', '"all"', /run \| chain/),
  'key is a text': bad(one({ ...plain, key: 1 }), 'key', '1', /a text/),
  'key is not empty': bad(one({ ...plain, key: '' }), 'key', '""', /not empty/),
  'key is not too long': bad(one({ ...plain, key: 'k'.repeat(1001) }), 'key', '"kkk', /at most 1000/),
  'key has no lone surrogate': bad(
    json('{"workflowType":"T","taskQueue":"q","key":"\\ud83d"}'),
    'key',
    '\\ud83d',
    /lone surrogate/,
  ),
  'workflowId is a text': bad(one({ ...plain, workflowId: [] }), 'workflowId', '[]', /a text/),
  'workflowId is not empty': bad(one({ ...article, WorkflowID: '' }), 'WorkflowID', '""', /not empty/),
  'workflowId is not too long': bad(one({ ...plain, workflowId: LONG }), 'workflowId', '"xxx', /at most 255/),
  'workflowId has no lone surrogate': bad(
    json('{"workflowType":"T","taskQueue":"q","workflowId":"\\ud800x"}'),
    'workflowId',
    '\\ud800',
    /lone surrogate/,
  ),
  'workflowId is not a wrapper’s': bad(
    one({ ...plain, workflowId: 'bridge-call-0' }),
    'workflowId',
    '"bridge-call-0"',
    /bridge-call-/,
  ),
  'sourceCluster is a text': bad(one({ ...plain, sourceCluster: {} }), 'sourceCluster', '{}', /a text/),
  'sourceCluster is not empty': bad(one({ ...plain, sourceCluster: '' }), 'sourceCluster', '""', /not empty/),
  'sourceCluster is not too long': bad(
    one({ ...article, SourceCluster: 'c'.repeat(64) }),
    'SourceCluster',
    '"ccc',
    /at most 63/,
  ),
  'sourceCluster has no lone surrogate': bad(
    json('{"workflowType":"T","taskQueue":"q","sourceCluster":"\\udc00"}'),
    'sourceCluster',
    '\\udc00',
    /lone surrogate/,
  ),
  'cluster is a text': bad(one({ ...plain, cluster: 7 }), 'cluster', '7', /a text/),
  'cluster is not empty': bad(one({ ...plain, cluster: '' }), 'cluster', '""', /not empty/),
  'cluster is not too long': bad(
    one({ ...article, Cluster: 'c'.repeat(64) }),
    'Cluster',
    '"ccc',
    /at most 63/,
  ),
  'cluster has no lone surrogate': bad(
    json('{"workflowType":"T","taskQueue":"q","cluster":"\\udc00"}'),
    'cluster',
    '\\udc00',
    /lone surrogate/,
  ),
  'parentClosePolicy is one of its choices': bad(
    one({ ...plain, parentClosePolicy: 'abandon' }),
    'parentClosePolicy',
    '"abandon"',
    /ABANDON \| REQUEST_CANCEL \| TERMINATE/,
  ),
  'a wide scope has a key': bad(one({ ...plain, scope: 'chain' }), 'key', 'nothing', /scope chain/),
  'article ids have workflow-id scope': bad(
    one({ ...article, IDMode: 'article', Scope: 'run' }),
    'Scope',
    '"run"',
    /workflow-id, or no scope/,
  ),
  'article ids are not given ids': bad(
    one({ ...article, IDMode: 'article', WorkflowID: 'mine' }),
    'WorkflowID',
    '"mine"',
    /no workflow id/,
  ),
};
