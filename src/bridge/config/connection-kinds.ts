/** The kinds of setting that only connections have: a server's name, an API key, a profile. */
import { isIPv6 } from 'node:net';
import { MAX_API_KEY_CHARS } from '../../shared/limits.js';
import { checked, clusterNameProblem, splitAddress, type SettingSpec } from './setting.js';

/** The name by which a server is known in its certificate: a DNS name or an IP address; may be missing. */
export function serverName(spec: Pick<SettingSpec<unknown>, 'path' | 'doc'>) {
  return {
    ...spec,
    type: 'name',
    range: 'DNS name or IP address, without a port',
    example: 'temporal.example.com',
    schema: checked(serverNameProblem),
  } as const satisfies SettingSpec<string>;
}

/** What is wrong with a server's name, which is not empty; undefined if nothing is. */
export function serverNameProblem(text: string): string | undefined {
  const parts = isIPv6(text) ? splitAddress(`[${text}]:1`) : splitAddress(`${text}:1`);
  return parts === undefined ? 'is no name of a server' : undefined;
}

/** An API key; may be missing, and is never shown. */
export function apiKey(spec: Pick<SettingSpec<unknown>, 'path' | 'doc'>) {
  return {
    ...spec,
    type: 'API key',
    range: `visible characters, ${MAX_API_KEY_CHARS.toLocaleString('en')} at most`,
    example: 'the-key-as-it-was-issued',
    secret: true,
    schema: checked(apiKeyProblem),
  } as const satisfies SettingSpec<string>;
}

/** What is wrong with an API key, which is trimmed; undefined if nothing is. */
export function apiKeyProblem(text: string): string | undefined {
  if (text.length > MAX_API_KEY_CHARS) return 'is too long for an API key';
  return /^[\x21-\x7e]+$/.test(text) ? undefined : 'holds what no API key has: white space, or no ASCII';
}

/** The name of a profile in a file of profiles; may be missing. */
export function profile(spec: Pick<SettingSpec<unknown>, 'path' | 'doc'>) {
  return {
    ...spec,
    type: 'profile',
    range: '1–63 characters of A–Z a–z 0–9 _ . -',
    example: 'cluster-eu',
    schema: checked(clusterNameProblem),
  } as const satisfies SettingSpec<string>;
}
