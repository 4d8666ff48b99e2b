import type { Payload } from '@temporalio/common';
import { payloadOf } from '../../../src/shared/payloads.js';
import { CALL, REMOTE, REMOTE_CALL } from '../wire-samples.js';
import type { Change, Load } from './mutants.js';

/** Where hostile input meets a check. */
export type Place = 'envelope' | 'completion signal' | 'activity on A' | 'activity on B' | 'seal';

/** One check, and the input that nothing but this check refuses. */
export interface HostileCheck extends Change {
  readonly name: string;
  readonly place: Place;
  /** Hands the input to the sources: rejects, or gives what it was taken for. */
  readonly input: (load: Load) => unknown;
  /** What the refusal says, or what the input was taken for. */
  readonly says: RegExp;
  /** Without the check: `taken` as good (the default), or something in the code breaks on it. */
  readonly without?: 'breaks';
}

type Fn = (...args: never[]) => unknown;

/** Calls an exported function of the sources. */
export async function call(load: Load, path: string, name: string, ...args: unknown[]): Promise<unknown> {
  const found = (await load(path))[name] as Fn;
  return found(...(args as never[]));
}

/** A text as a header field, however it is made. */
export const field = (text: string): Payload => payloadOf('json/plain', Buffer.from(text));

/** A copy with a value at a path of keys. */
export function altered(envelope: object, path: string, value: unknown): object {
  const keys = path.split('.');
  const copy = structuredClone(envelope) as Record<string, unknown>;
  const parent = keys.slice(0, -1).reduce((at, key) => (at[key] ??= {}) as Record<string, unknown>, copy);
  parent[keys.at(-1) ?? ''] = value;
  return copy;
}

const ENVELOPES = 'src/shared/wire/call-envelope';
/** Hands a header field to a parser. */
export const parsed =
  (header: Payload | undefined, parser = 'parseCallEnvelope') =>
  (load: Load) =>
    call(load, ENVELOPES, parser, header);
/** Parses a call with this value at this path. */
export const callWith = (path: string, value: unknown) =>
  parsed(field(JSON.stringify(altered(CALL, path, value))));
/** Parses a call whose target has this option. */
export const inOptions = (path: string, value: unknown) => callWith(`target.options.${path}`, value);
/** A value many times. */
export const many = (count: number, value: unknown) => Array.from({ length: count }, () => value);
/** One search attribute. */
export const attribute = (type: string, value: unknown) => [{ name: 'Name', type, value }];
/** Parses a remote call with this value at this path. */
export const remoteCallWith = (path: string, value: unknown) =>
  parsed(field(JSON.stringify(altered(REMOTE_CALL, path, value))), 'parseRemoteCallEnvelope');

/** Parses a completion with this outcome and these payloads. */
export const completionWith =
  (outcome: unknown, payloads: readonly Payload[] = []) =>
  (load: Load) => {
    const { callId, argsDigest } = CALL;
    const envelope = { v: 1, kind: 'completion', callId, argsDigest, remote: REMOTE, outcome };
    const path = 'src/shared/wire/completion-envelope';
    return call(load, path, 'parseBridgeSignal', field(JSON.stringify(envelope)), payloads);
  };
/** Parses a completion that failed by this failure. */
export const failedWith = (failure: unknown, payloads?: readonly Payload[]) =>
  completionWith({ status: 'failed', failure }, payloads);

/** Checks of one source, met at one place. */
export const checksOf = (
  place: Place,
  file: string,
  checks: readonly Omit<HostileCheck, 'file' | 'place'>[],
): HostileCheck[] => checks.map((check) => ({ place, file, ...check }));
