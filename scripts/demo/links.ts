import { workflowPage as pageOf, workflowsPage as listOf } from '../../src/cli/calls/links.js';
import { NAMESPACE } from './names.js';

/** Page of a workflow in a cluster's web UI; the UI goes on to the workflow's latest run. */
export function workflowPage(uiPort: number, workflowId: string): string {
  return pageOf(webAddress(uiPort), NAMESPACE, workflowId);
}

/** List of a cluster's workflows in its web UI. */
export function workflowsPage(uiPort: number): string {
  return listOf(webAddress(uiPort), NAMESPACE);
}

/** Address of a cluster's web UI: a value of `CLUSTER_A_UI`. */
export function webAddress(uiPort: number): string {
  return `http://localhost:${uiPort}`;
}
