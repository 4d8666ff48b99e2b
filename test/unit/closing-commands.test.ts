/** What a run that closes in this task leaves out: the cancellation of the bridge's own activities, and nothing else. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { closingInterceptor } from '../../src/workflow/closing-commands.js';
import { START_ACTIVITY } from '../../src/shared/names.js';

type Conclude = NonNullable<(typeof closingInterceptor)['concludeActivation']>;
type Commands = Parameters<Conclude>[0]['commands'];

const conclude = (commands: Commands): Commands =>
  closingInterceptor.concludeActivation?.({ commands }, (input) => input).commands ?? [];
const schedule = (seq: number, activityType = START_ACTIVITY) => ({
  scheduleActivity: { seq, activityType },
});
const cancel = (seq: number) => ({ requestCancelActivity: { seq } });

describe('the commands of a workflow task', () => {
  beforeEach(() => {
    for (const key of Object.getOwnPropertySymbols(globalThis))
      if (String(key).includes('temporal-bridge.')) Reflect.deleteProperty(globalThis, key);
  });

  for (const end of [
    { completeWorkflowExecution: {} },
    { failWorkflowExecution: {} },
    { cancelWorkflowExecution: {} },
    { continueAsNewWorkflowExecution: {} },
  ]) {
    it(`with ${Object.keys(end).join('')} have no cancellation of what the bridge scheduled before`, () => {
      conclude([schedule(1), schedule(2, 'chargeCard')]);
      assert.deepEqual(conclude([cancel(1), cancel(2), end]), [cancel(2), end]);
    });
  }

  it('of a workflow that goes on have it', () => {
    conclude([schedule(1)]);
    assert.deepEqual(conclude([cancel(1), schedule(3, 'chargeCard')]), [
      cancel(1),
      schedule(3, 'chargeCard'),
    ]);
  });

  it('have it if the activity was scheduled in this same task', () => {
    const commands = [schedule(1), cancel(1), { completeWorkflowExecution: {} }];
    assert.deepEqual(conclude(commands), commands);
  });

  it('have it where a local activity’s result comes in: a replay may bring that together with what came before', () => {
    conclude([schedule(1)]);
    const jobs = [{ resolveActivity: { seq: 2, isLocal: true } }];
    closingInterceptor.activate?.({ activation: { jobs }, batchIndex: 0 }, () => undefined);
    const commands = [cancel(1), { completeWorkflowExecution: {} }];
    assert.deepEqual(conclude(commands), commands);
    closingInterceptor.activate?.({ activation: { jobs: [] }, batchIndex: 0 }, () => undefined);
    assert.deepEqual(conclude(commands), [{ completeWorkflowExecution: {} }]);
  });
});
