import type { Logger } from '@temporalio/common';

/** For the SDK's bundler, whose progress would drown a test's output. */
export const SILENT: Logger = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
