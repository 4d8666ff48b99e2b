export { FulfillmentWorkflow } from './fulfillment-workflow.js';
export { RemoteCallWorkflow } from './remote-call-workflow.js';
