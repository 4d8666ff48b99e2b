export { CrossClusterWorkflow } from './cross-cluster-workflow.js';
export { OrderWorkflow } from './order-workflow.js';
