/** Two caller clusters on one handler side: the key of one is worth nothing in the name of the other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSealKeyPair } from '../../src/bridge/config/seal-keys.js';
import { createSide, requestFor, startBridge, startCrossCluster } from '../support/harness.js';
import { applicationFailureOf } from '../support/inspect.js';
import { openStage } from '../support/stage.js';

test(
  'a caller side cannot call in the name of another caller’s namespace',
  { timeout: 120_000 },
  async (t) => {
    const stage = await openStage(t);
    const { a, b } = stage.clusters;
    const shop = await createSide(a);
    t.after(() => shop.client.connection.close());
    const [ofA, ofShop] = [createSealKeyPair(), createSealKeyPair()];
    const allowed = { BRIDGE_DEV: '', BRIDGE_ALLOW_TARGETS: '*@*' };
    const caller = { ...allowed, BRIDGE_ROLE: 'caller', BRIDGE_ALLOW_CALLERS: '*@*' };
    await Promise.all([
      stage.targets(),
      stage.bridge({
        env: {
          ...allowed,
          BRIDGE_ROLE: 'handler',
          BRIDGE_CALLER_CLUSTERS: `shop=${shop.address}/${shop.namespace}`,
          BRIDGE_SEAL_VERIFY_KEYS: `# callers: cluster-a\n${ofA.verifyKeyPem}# callers: shop\n${ofShop.verifyKeyPem}`,
        },
      }),
    ]);
    const call = (side: typeof a) => startCrossCluster({ a: side }, requestFor('Echo', ['yes']));
    const honest = { ...caller, CLUSTER_A_NAME: 'shop', BRIDGE_SEAL_SIGNING_KEY: ofShop.signingKeyPem };
    const bridge = await startBridge({ a: shop, b }, { env: honest });
    assert.equal(((await (await call(shop)).result()) as { result: unknown }).result, 'yes');
    await bridge.stop();

    // The shop's people, with the shop's key, say that they are cluster-a.
    const forged = {
      ...caller,
      BRIDGE_SEAL_SIGNING_KEY: ofShop.signingKeyPem,
      BRIDGE_FALLBACK_FIRST: '500ms',
    };
    const impostor = await startBridge({ a: shop, b }, { env: forged });
    t.after(() => impostor.stop());
    const failure = await applicationFailureOf(await call(shop));
    assert.equal(failure.type, 'SEAL_INVALID');
    assert.match(failure.message, /may not seal for namespace "test-[\w-]+" of "cluster-a"/);
  },
);
