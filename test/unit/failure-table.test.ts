/** The failure table: complete in code, and the same in the documentation. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { FAILURE_TABLE, isFailureType, type FailureRow } from '../../src/shared/failure-table.js';
import { refused } from '../../src/shared/outcome.js';
import { outcomeError } from '../../src/workflow/outcome-error.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';

const TYPES = [
  'INVALID_REQUEST',
  'TARGET_NOT_ALLOWED',
  'CALL_ID_CONFLICT',
  'PAYLOAD_TOO_LARGE',
  'REMOTE_UNREACHABLE',
  'CALL_EXPIRED',
  'OUTCOME_LOST',
  'SEAL_INVALID',
  'PERMISSION_DENIED',
  'RESULT_UNREADABLE',
  'TOO_MANY_OPEN_CALLS',
  'REMOTE_WORKFLOW_NOT_FOUND',
  'REMOTE_OPERATION_FAILED',
  'REMOTE_WORKFLOW_FAILED',
  'REMOTE_WORKFLOW_TIMED_OUT',
  'REMOTE_WORKFLOW_TERMINATED',
] as const;
const rows: Readonly<Record<string, FailureRow>> = FAILURE_TABLE;
const call = { callId: 'c', workflowType: 'T', taskQueue: 'q', remote: undefined };

describe('the failure table', () => {
  it('has every type of the wire contract, and no other', () => {
    assert.deepEqual(Object.keys(FAILURE_TABLE).sort(), [...TYPES].sort());
  });

  it('says of every type what it means and what an operator does, in whole sentences', () => {
    for (const [type, { meaning, remedy, retryable }] of Object.entries(rows)) {
      assert.match(meaning, /^[A-Z][^|\n]{10,140}\.$/, type);
      assert.match(remedy, /^[A-Z][^|\n]{10,140}\.$/, type);
      assert.ok([true, false, 'target'].includes(retryable), type);
    }
  });

  it('knows its own types only', () => {
    for (const type of TYPES) assert.ok(isFailureType(type));
    for (const other of [
      '',
      'toString',
      '__proto__',
      'REMOTE_RUNNING',
      'invalid_request',
      null,
      7,
      undefined,
    ]) {
      assert.ok(!isFailureType(other));
    }
  });

  it('decides whether a caller’s failure may be retried', () => {
    for (const type of TYPES) {
      const { retryable } = rows[type] ?? {};
      if (retryable === 'target') continue;
      const error = outcomeError(refused(type, 'message'), call, () => assert.fail('nothing to decode'));
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, type);
      assert.equal(error.nonRetryable, retryable === false, type);
    }
    for (const nonRetryable of [true, false]) {
      const failure = { applicationFailureInfo: { type: 'X', nonRetryable } };
      const error = outcomeError({ status: 'failed', failure }, call, () => new Error('cause'));
      assert.ok(error instanceof ApplicationFailure && error.nonRetryable === nonRetryable);
    }
  });
});

describe('the failure table of docs/protocol.md', () => {
  it('is the one of the code, row by row', () => {
    const { head, rows: documented } = readTable(readDocument('docs/protocol.md'), '## Failure table');
    assert.deepEqual(head, ['Type', 'Meaning', 'Retryable', 'What an operator does']);
    const word = ({ retryable }: FailureRow) =>
      retryable === 'target' ? 'as the target' : retryable ? 'yes' : 'no';
    assert.deepEqual(
      documented.map(([type, ...rest]) => [codeOf(type), ...rest]),
      Object.entries(rows).map(([type, row]) => [type, row.meaning, word(row), row.remedy]),
    );
  });
});
