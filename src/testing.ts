/**
 * temporal-bridge, for tests: a workflow that makes calls to other clusters is tested without a second cluster.
 *
 * @module
 */
export { startFakeBridge } from './testing/fake-bridge.js';
export type { FakeBridge, FakeBridgeOptions } from './testing/fake-bridge.js';
export { fakeRefusal, fakeTermination, fakeTimeout } from './testing/fake-target.js';
export type { Converters, FakeCall, FakeRun, FakeSignal, FakeTarget } from './testing/fake-target.js';
export type { FailureType } from './shared/failure-table.js';
export type { CallDuration } from './workflow/remote-workflow-options.js';
