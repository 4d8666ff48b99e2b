import { AsyncLocalStorage } from 'node:async_hooks';
import type { Connection, ConnectionLike } from '@temporalio/client';
import { RETIRED_CONNECTION_MS } from '../../shared/limits.js';

/** A connection that can be replaced while requests run on it. */
export interface SwitchingConnection {
  /** Stays the same; requests go to the connection in force. What began on a connection ends on it. */
  readonly connection: ConnectionLike & Pick<Connection, 'withApiKey'>;
  /** Puts another connection in force; the old one is closed once its requests have ended. */
  switchTo(next: Connection): void;
  /** Closes all. */
  close(): Promise<void>;
}

/** Properties that run a function: its requests belong to the connection on which they are limited. */
const SCOPES: ReadonlySet<PropertyKey> = new Set([
  'withDeadline',
  'withMetadata',
  'withAbortSignal',
  'withApiKey',
]);

const SERVICES: readonly PropertyKey[] = [
  'workflowService',
  'operatorService',
  'healthService',
  'testService',
];

/** Makes a connection that can be replaced, which is the given one at first. */
export function createSwitchingConnection(first: Connection): SwitchingConnection {
  // A deadline is kept by the connection on which it was set: its requests must not go to another.
  const begun = new AsyncLocalStorage<Connection>();
  const retired = new Map<Connection, NodeJS.Timeout>();
  let current = first;
  const inForce = (): Connection => {
    const pinned = begun.getStore();
    return pinned && (pinned === current || retired.has(pinned)) ? pinned : current;
  };
  const scoped =
    (property: PropertyKey) =>
    (limit: unknown, run: () => Promise<unknown>): Promise<unknown> => {
      const on = inForce();
      const scope = Reflect.get(on, property, on) as (limit: unknown, run: () => unknown) => Promise<unknown>;
      return scope.call(on, limit, () => begun.run(on, run));
    };
  const services = new Map(
    SERVICES.map((name) => [
      name,
      new Proxy(
        {},
        {
          get: (_, property) => {
            const service = Reflect.get(inForce(), name) as object;
            const value: unknown = Reflect.get(service, property, service);
            return typeof value === 'function' ? (value.bind(service) as unknown) : value;
          },
        },
      ),
    ]),
  );
  const connection = new Proxy(first, {
    get: (_, property) => {
      if (SCOPES.has(property)) return scoped(property);
      const on = inForce();
      const value: unknown = Reflect.get(on, property, on);
      if (value !== undefined && services.has(property)) return services.get(property);
      return typeof value === 'function' ? (value.bind(on) as unknown) : value;
    },
  });
  return {
    connection,
    switchTo: (next) => {
      const old = current;
      current = next;
      const close = (): void => {
        retired.delete(old);
        void old.close().catch(() => undefined);
      };
      retired.set(old, setTimeout(close, RETIRED_CONNECTION_MS).unref());
    },
    close: async () => {
      const all = [...retired.keys(), current];
      for (const timer of retired.values()) clearTimeout(timer);
      retired.clear();
      await Promise.all(all.map((one) => one.close()));
    },
  };
}
