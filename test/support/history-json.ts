/**
 * Histories as JSON: proto names, 64-bit numbers as text, bytes as base64. The SDK's own `historyToJSON` fails where npm
 * has installed protobufjs twice, and it does so with this package's dependencies.
 */
import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;
export type History = proto.temporal.api.history.v1.IHistory;

/** A history as plain JSON values. */
export function historyToPlain(history: History): { events: unknown[] } {
  const message = History.fromObject(history);
  return History.toObject(message, { longs: String, enums: String, bytes: String }) as { events: unknown[] };
}

/** A history out of what {@link historyToPlain} made. */
export function historyFromPlain(plain: unknown): History {
  return History.fromObject(plain as object);
}
