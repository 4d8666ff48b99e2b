/** How each cluster is connected to: what the settings say, then the profile, then the defaults. */
import { isIPv4 } from 'node:net';
import { badField, entrySubject, subjectOf, type AccessNames, type AccessSubject } from './access-subject.js';
import { configProblem, shownValue, type ConfigProblem } from './config-error.js';
import {
  CredentialError,
  readCredentials,
  type CredentialSource,
  type Credentials,
  type CredentialSources,
} from './credentials.js';
import { serverNameProblem } from './connection-kinds.js';
import type { ProfileCredential, ProfileDataField } from './profiles.js';
import { splitAddress } from './setting.js';
import type { SettingName, SettingValues } from './settings.js';

/** How one cluster is connected to. */
export interface ClusterAccess extends CredentialSources {
  /** False: plain text. */
  readonly tls: boolean;
  /** The name that the server's certificate must have; absent: the host of the address. */
  readonly serverName?: string;
  /** Plain text is allowed beyond this host. */
  readonly plaintext: boolean;
  /** The profile that the rest was taken from. */
  readonly profile?: string;
  /** Headers of each request, beside the API key. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** As read at the start. */
  readonly credentials: Credentials;
  /** What to correct, in messages: settings, or where in the profile. */
  readonly names: AccessNames;
  /** What the profile has given for settings that were left out, as it may be shown. */
  readonly fromProfile: Readonly<Partial<Record<string, string>>>;
}

const NO_CREDENTIALS: Credentials = { tlsFingerprint: '' };

/** The access of every cluster, and the settings with what profiles say of addresses and namespaces. */
export interface ResolvedAccess {
  readonly values: Partial<SettingValues>;
  readonly a: ClusterAccess;
  readonly b: ClusterAccess;
  readonly handlers: readonly ClusterAccess[];
  readonly callers: readonly ClusterAccess[];
}

/** Finds out how each cluster is connected to; what is wrong is added to `problems`. */
export function resolveAccess(
  given: Partial<SettingValues>,
  isGiven: (name: SettingName) => boolean,
  problems: ConfigProblem[],
): ResolvedAccess {
  const [a, b] = (['A', 'B'] as const).map((side) => subjectOf(side, given, isGiven, problems));
  const values = { ...given, ...a?.values, ...b?.values };
  // A list that has no place in the role is refused as a whole.
  const useless = { BRIDGE_HANDLER_CLUSTERS: 'handler', BRIDGE_CALLER_CLUSTERS: 'caller' } as const;
  const listed = (setting: 'BRIDGE_HANDLER_CLUSTERS' | 'BRIDGE_CALLER_CLUSTERS'): ClusterAccess[] =>
    (given.BRIDGE_ROLE === useless[setting] ? [] : (given[setting] ?? [])).map((entry) =>
      accessOf(entrySubject(setting, entry, given, problems), problems),
    );
  if (!a || !b) throw new Error('no clusters');
  return {
    values,
    a: accessOf(a.subject, problems),
    b: accessOf(b.subject, problems),
    handlers: listed('BRIDGE_HANDLER_CLUSTERS'),
    callers: listed('BRIDGE_CALLER_CLUSTERS'),
  };
}

/** True if the address is one of this host itself: `localhost`, 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  const host = splitAddress(address)?.host;
  if (host === undefined) return false;
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function accessOf(subject: AccessSubject, problems: ConfigProblem[]): ClusterAccess {
  const { explicit, profile, profileAt, names, setting, plaintext, address } = subject;
  const fromProfile = (part: ProfileCredential | undefined, field: ProfileDataField, label: string) =>
    part && profileAt ? profileSource(profileAt, part, field, label, setting) : undefined;
  // A pair is of one place: the profile's key does not belong to a certificate that was given.
  const pair = (explicit.cert ?? explicit.key) ? explicit : profilePair();
  const ca = explicit.ca ?? fromProfile(profile.ca, 'serverCACert', 'server_ca_cert');
  const apiKey = explicit.apiKey ?? fromProfile(profile.apiKey && 'inline', 'apiKey', 'api_key');
  const { serverName = profile.serverName } = explicit;
  const asksForTls = Object.values(explicit).some((part) => part !== undefined);
  const tls = subject.tls ?? (asksForTls || (profile.tls ?? profile.apiKey === true));
  const add = (what: string, expected: string, got: string, fix: string): void => {
    problems.push(configProblem(setting, { what: `${subject.whose}${what}`, expected, got, fix }));
  };

  if (tls && (pair.cert === undefined) !== (pair.key === undefined)) {
    const [there, missing] = pair.cert ? ['certificate', 'key'] : ['key', 'certificate'];
    add(
      `has a client ${there} without its ${missing}`,
      `both of ${names.cert}`,
      'one of them',
      `add the ${missing}, or remove the ${there}`,
    );
  }
  if (!tls && (explicit.ca ?? explicit.cert ?? explicit.key ?? explicit.serverName) !== undefined) {
    add(
      'is off although TLS settings are given',
      `${setting}=true, or no other TLS setting`,
      `${setting}=false with them`,
      'remove one or the other',
    );
  }
  const isNear = address === undefined || isLoopback(address);
  if (!tls && apiKey !== undefined && !isNear) {
    add(
      'is off although there is an API key, which everybody on the way could read',
      'TLS with an API key',
      `plain text to ${shownValue(address)}`,
      `set ${names.tls} to true; plain text with an API key is for a proxy on this host alone`,
    );
  } else if (!tls && !isNear && !plaintext) {
    add(
      `is off, which would make everything plain text to ${shownValue(address)}`,
      'TLS to a cluster that is not on this host',
      'plain text',
      `ask for TLS by ${names.tls}, or allow plain text by ${subject.allowing}`,
    );
  }
  if (tls && serverName !== undefined && explicit.serverName === undefined) {
    const problem = serverNameProblem(serverName);
    if (problem !== undefined && profileAt)
      problems.push(badField(setting, profileAt.name, 'server_name', problem, serverName));
  }
  if (profile.metadata && Object.hasOwn(profile.metadata, 'authorization')) {
    add('has a profile with authorization in grpc_meta', 'api_key in the profile', 'a header', 'use api_key');
  }

  const sources: CredentialSources = {
    ...(tls && ca ? { ca } : {}),
    ...(tls && pair.cert && pair.key ? { cert: pair.cert, key: pair.key } : {}),
    ...(apiKey ? { apiKey } : {}),
  };
  return {
    tls,
    ...(serverName === undefined ? {} : { serverName }),
    plaintext,
    ...(profileAt === undefined ? {} : { profile: profileAt.name }),
    ...(profile.metadata === undefined ? {} : { metadata: profile.metadata }),
    ...sources,
    credentials: credentialsOf(sources, problems),
    names,
    fromProfile: subject.fromProfile,
  };

  function profilePair(): Pick<CredentialSources, 'cert' | 'key'> {
    const cert = fromProfile(profile.cert, 'clientCert', 'client_cert');
    const key = fromProfile(profile.key, 'clientKey', 'client_key');
    return { ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
  }
}

function credentialsOf(sources: CredentialSources, problems: ConfigProblem[]): Credentials {
  try {
    return readCredentials(sources);
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    problems.push(credentialProblem(error));
    return NO_CREDENTIALS;
  }
}

/** A credential that cannot be used, as a problem with its setting. */
export function credentialProblem({ source, message, expected, got, fix }: CredentialError): ConfigProblem {
  const file = source.kind === 'text' ? '' : `the file ${shownValue(source.path)} `;
  const of = source.label === source.setting ? '' : `(${source.label}) `;
  return configProblem(source.setting, { what: `${of}${file}${message}`, expected, got, fix });
}

function profileSource(
  at: { readonly path: string; readonly name: string },
  part: ProfileCredential,
  field: ProfileDataField,
  label: string,
  setting: SettingName,
): CredentialSource {
  const whose = `of the profile ${at.name}`;
  return part === 'inline'
    ? {
        kind: 'profile',
        path: at.path,
        profile: at.name,
        field,
        setting,
        label: `${field === 'apiKey' ? label : `${label}_data`} ${whose}`,
      }
    : { kind: 'file', path: part.path, setting, label: `${label}_path ${whose}` };
}
