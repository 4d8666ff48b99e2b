/**
 * What the published bridge and the stand-in for it have in common: names, keys and defaults, as published.
 *
 * The files of this folder are a **stand-in**: written for these tests, after the published description of the bridge
 * (its workflow, activities, ids and polling). They are not the original, which is written in Go and by others.
 */

/** The published request. `Timeout` is a Go duration: whole nanoseconds; 0 or absent = 1 hour. */
export interface PublishedRequest {
  readonly WorkflowType: string;
  readonly TaskQueue: string;
  /** Base64 of the serialized input's bytes. */
  readonly Input?: string;
  readonly Timeout?: number;
}

/** The published result. */
export interface PublishedResult {
  readonly WorkflowID: string;
  readonly RunID: string;
  readonly Status: string;
  /** Base64 of the serialized result's bytes. */
  readonly Output: string;
}

/** What `StartWorkflowInRemote` is asked for. */
export interface PublishedStart {
  readonly SourceWorkflowID: string;
  readonly WorkflowType: string;
  readonly TaskQueue: string;
  readonly Input: string;
}

/** What `StartWorkflowInRemote` answers. Attaching tells no run id. */
export interface PublishedStarted {
  readonly WorkflowID: string;
  readonly RunID: string;
  readonly Status: 'started' | 'already_running';
}

/** What `WaitForRemoteCompletion` answers. `Error` is all that is left of a failure. */
export interface PublishedEnd {
  readonly RunID: string;
  readonly Status: 'completed' | 'failed' | 'canceled' | 'terminated' | 'timed out';
  readonly Output: string;
  readonly Error: string;
}

/** The activities, by their published names. */
export interface PublishedActivities {
  StartWorkflowInRemote(start: PublishedStart): Promise<PublishedStarted>;
  WaitForRemoteCompletion(started: Pick<PublishedStarted, 'WorkflowID' | 'RunID'>): Promise<PublishedEnd>;
}
