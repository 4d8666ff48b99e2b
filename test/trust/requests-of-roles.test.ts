/** Which requests each role makes of each cluster: what its credentials must allow there, and nothing else. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { FaultProxy } from '../support/fault-proxy.js';
import type { TestBridge } from '../support/harness.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { remoteOf, whenClosed } from '../support/inspect.js';
import { readDocument, readTable } from '../support/markdown.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';

const LIMIT = { timeout: 120_000 };
const SOON = {
  BRIDGE_FALLBACK_FIRST: '200ms',
  BRIDGE_FALLBACK_MAX: '1s',
  BRIDGE_LEASE_FIRST: '200ms',
  BRIDGE_LEASE_MAX: '1s',
};

/** What a role asks of a cluster, by its column in the document. */
const SEEN = {
  'caller side on A': { role: 'caller', side: 'a' },
  'caller side on B': { role: 'caller', side: 'b' },
  'handler side on A': { role: 'handler', side: 'a' },
  'handler side on B': { role: 'handler', side: 'b' },
} as const;
type Place = keyof typeof SEEN;
const PLACES = Object.keys(SEEN) as Place[];

/** The requests of a place, by the table of the document: `x` those of every run, `(x)` those of some. */
function documentedRequests(place: Place, marks: readonly string[]): string[] {
  const { head, rows } = readTable(readDocument('docs/security.md'), '## Requests of each role');
  const column = head.indexOf(place);
  assert.ok(column > 0, place);
  return rows
    .filter((row) => marks.includes(row[column] ?? ''))
    .map(([request = '']) => request.replaceAll('`', ''));
}

describe('the requests of each role', () => {
  let stage: Stage;
  let bridges: readonly TestBridge[];
  const proxies = new Map<Place, FaultProxy>();
  const at = (place: Place): FaultProxy => proxies.get(place) ?? assert.fail(place);

  before(async () => {
    stage = await openStage();
    for (const place of PLACES) proxies.set(place, await stage.proxy(SEEN[place].side));
    const bridge = (role: 'caller' | 'handler') =>
      stage.bridge({
        addressOfA: at(`${role} side on A`).address,
        addressOfB: at(`${role} side on B`).address,
        env: { ...SOON, BRIDGE_ROLE: role },
      });
    bridges = await Promise.all([bridge('caller'), bridge('handler')]);
    await Promise.all([stage.targets(), stage.libraryCallers()]);
  }, LIMIT);
  after(() => stage.close(), LIMIT);

  /** Calls of every kind, until each has ended. */
  async function everyKind(): Promise<void> {
    const { clusters } = stage;
    await (await startCrossCluster(clusters, requestFor('Echo', ['yes']))).result();

    const searchAttributes = { [`Unknown${randomUUID().slice(0, 8)}`]: 1 };
    await stage.call('Execute', { type: 'Echo', args: ['yes'], searchAttributes }).catch(() => undefined);

    await stage.call('UseHandle', { type: 'Collector' }, [
      { do: 'signal', name: 'add', args: [1] },
      { do: 'query', name: 'items', args: [] },
      { do: 'update', name: 'set', args: ['once'] },
      { do: 'cancel' },
      { do: 'terminate' },
      { do: 'result' },
    ]);
    const foreign = await clusters.b.client.workflow.start('Gate', {
      taskQueue: 'targets',
      workflowId: `foreign-${randomUUID()}`,
    });
    const attached = await stage.start('UseHandle', { attachTo: foreign.workflowId }, [{ do: 'result' }]);
    await foreign.signal('open', 'late');
    await attached.result();

    for (const parentClosePolicy of ['REQUEST_CANCEL', 'TERMINATE']) {
      const killed = await stage.start('Execute', { type: 'Gate', parentClosePolicy });
      const { target } = await remoteOf(clusters.b, killed.workflowId);
      await killed.terminate();
      await whenClosed(target);
    }
    const slow = await startCrossCluster(clusters, requestFor('Gate'));
    const { target, wrapper } = await remoteOf(clusters.b, slow.workflowId);
    await wrapper.terminate();
    await target.signal('open', 'found by a look');
    await slow.result();
  }

  test('are those that docs/security.md lists', LIMIT, async () => {
    await everyKind();
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    for (const place of PLACES) {
      const seen = Object.keys(at(place).calls());
      const always = documentedRequests(place, ['x']);
      const ever = documentedRequests(place, ['x', '(x)']);
      assert.deepEqual([seen.filter((name) => !ever.includes(name)), place], [[], place]);
      assert.deepEqual([always.filter((name) => !seen.includes(name)), place], [[], place]);
    }
  });
});
