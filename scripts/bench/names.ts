/**
 * The variants that the benchmark compares, and the names on which its processes agree.
 *
 * @module
 */

/** One way in which a workflow on A has a workflow run and gets its result. */
export interface Variant {
  readonly name: VariantName;
  /** As the tables call it. */
  readonly label: string;
  /** Ours, a peer, or the caller without any call. */
  readonly family: 'ours' | 'peer' | 'baseline';
  /** Type and task queue of the caller workflow on A. */
  readonly workflowType: string;
  readonly taskQueue: string;
}

export type VariantName =
  'no-call' | 'child' | 'nexus' | 'long-poll' | 'published' | 'article' | 'library' | 'plugin';

/** What every caller is asked for: the target's type and how long it takes, in milliseconds. */
export interface CallRequest {
  readonly targetId: string;
  readonly workMs: number;
}

/** The target's type, and its task queue on each cluster. */
export const TARGET_TYPE = 'Answer';
export const TARGET_QUEUE = 'targets';
/** Task queue of the callers, and of those whose worker carries the plugin. */
export const CALLERS_QUEUE = 'callers';
export const PLUGIN_QUEUE = 'callers-with-plugin';
/** Task queue of the stand-in for the published bridge. */
export const PUBLISHED_QUEUE = 'published-queue';
/** The Nexus endpoint, as A and B call it. */
export const NEXUS_ENDPOINT = 'bench-endpoint';

export const VARIANTS: readonly Variant[] = [
  {
    name: 'no-call',
    label: 'the caller alone, no call',
    family: 'baseline',
    workflowType: 'CallNothing',
    taskQueue: CALLERS_QUEUE,
  },
  {
    name: 'child',
    label: 'child workflow, same cluster',
    family: 'peer',
    workflowType: 'CallChild',
    taskQueue: CALLERS_QUEUE,
  },
  {
    name: 'nexus',
    label: 'Nexus operation',
    family: 'peer',
    workflowType: 'CallNexus',
    taskQueue: CALLERS_QUEUE,
  },
  {
    name: 'long-poll',
    label: 'activity awaiting handle.result()',
    family: 'peer',
    workflowType: 'CallLongPoll',
    taskQueue: CALLERS_QUEUE,
  },
  {
    name: 'published',
    label: 'published bridge, 5 s poll',
    family: 'peer',
    workflowType: 'CrossClusterWorkflow',
    taskQueue: PUBLISHED_QUEUE,
  },
  {
    name: 'article',
    label: 'CrossClusterWorkflow',
    family: 'ours',
    workflowType: 'CrossClusterWorkflow',
    taskQueue: 'bridge-queue',
  },
  {
    name: 'library',
    label: 'executeRemoteWorkflow',
    family: 'ours',
    workflowType: 'CallRemote',
    taskQueue: CALLERS_QUEUE,
  },
  {
    name: 'plugin',
    label: 'executeRemoteWorkflow, plugin',
    family: 'ours',
    workflowType: 'CallRemote',
    taskQueue: PLUGIN_QUEUE,
  },
];

/** The variant of a name. */
export function variantOf(name: VariantName): Variant {
  const found = VARIANTS.find((variant) => variant.name === name);
  if (!found) throw new TypeError(`no variant ${name}`);
  return found;
}
