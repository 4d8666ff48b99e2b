import { NAMESPACE } from './names.js';

/** Page of a workflow in a cluster's web UI; the UI goes on to the workflow's latest run. */
export function workflowPage(uiPort: number, workflowId: string): string {
  return `http://localhost:${uiPort}/namespaces/${NAMESPACE}/workflows/${encodeURIComponent(workflowId)}`;
}

/** List of a cluster's workflows in its web UI. */
export function workflowsPage(uiPort: number): string {
  return `http://localhost:${uiPort}/namespaces/${NAMESPACE}/workflows`;
}
