import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diffRequests, parseServiceRequests } from '../../scripts/stack/server-metrics.js';

const TEXT = `# TYPE service_requests counter
service_requests{namespace="name_1",operation="StartWorkflowExecution",service_name="frontend"} 2
service_requests{namespace="b",operation="StartWorkflowExecution",service_name="frontend"} 3
service_requests{namespace="b",operation="StartWorkflowExecution",service_name="history"} 50
service_requests{namespace="temporal_system",operation="PollWorkflowTaskQueue",service_name="frontend"} 9
service_requests_other{namespace="a",operation="StartWorkflowExecution",service_name="frontend"} 1
`;

describe('the count of requests that a server has had', () => {
  it("sums the frontend's requests of all namespaces but the server's own", () => {
    assert.deepEqual(parseServiceRequests(TEXT), { StartWorkflowExecution: 5 });
  });

  it('can be limited to namespaces, whatever their names hold', () => {
    assert.deepEqual(parseServiceRequests(TEXT, { namespaces: ['name-1'] }), { StartWorkflowExecution: 2 });
  });

  it('gives the requests between two readings', () => {
    assert.deepEqual(diffRequests({ Poll: 4, Start: 1 }, { Poll: 4, Start: 3, Signal: 1 }), {
      Start: 2,
      Signal: 1,
    });
  });
});
