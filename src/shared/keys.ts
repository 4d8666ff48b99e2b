/**
 * The published bridge's key functions, kept by name and meaning. `GenerateCrossClusterKey` is ambiguous (a dash may
 * stand inside any part), so only the `article` id mode uses it as an id; see call-id.ts for the hashed form.
 *
 * @module
 */

/** `bridge-{source}-{workflowId}-{name}`, for example `bridge-cluster-a-order-123-fulfillment`. */
export function GenerateCrossClusterKey(source: string, workflowId: string, name: string): string {
  return `bridge-${source}-${workflowId}-${name}`;
}

/** `{workflowId}:{name}:{attempt}`, for example `order-123:charge:1`. */
export function GenerateKey(workflowId: string, name: string, attempt: number): string {
  return `${workflowId}:${name}:${attempt}`;
}
