/**
 * Payloads that are references to the SDK's external storage. A worker without such storage fails the workflow task that
 * meets one, for ever, before any code of the workflow sees it (I9). So the bridge's own workers and clients let them pass
 * as they are, well-formed or not, and what takes in payloads refuses them in words: see `src/shared/references.ts`.
 */
import { ExternalStorage } from '@temporalio/common';
import { ExternalStorageRunner } from '@temporalio/common/lib/internal-non-workflow/external-storage-runner.js';

/** What the patch below looks at. */
interface Runner {
  readonly externalStorage: unknown;
}

/** A storage that stores nothing, and hands each reference on as it came. */
export const PASS_REFERENCES = new ExternalStorage({
  drivers: [
    {
      name: 'temporal-bridge-passes-references-on',
      type: 'none',
      store: () => Promise.reject(new Error('the bridge stores nothing')),
      retrieve: () => Promise.reject(new Error('the bridge retrieves nothing')),
    },
  ],
  driverSelector: () => null,
  payloadSizeThreshold: Number.MAX_SAFE_INTEGER,
});

// The SDK reads a reference before it asks any driver, and throws on one that is malformed.
const { prototype } = ExternalStorageRunner;
const retrieve = Object.getOwnPropertyDescriptor(prototype, 'retrieve')?.value as typeof prototype.retrieve;
prototype.retrieve = function passOn(this: ExternalStorageRunner, payloads, options) {
  const { externalStorage } = this as unknown as Runner;
  return externalStorage === PASS_REFERENCES
    ? Promise.resolve(payloads)
    : retrieve.call(this, payloads, options);
};
