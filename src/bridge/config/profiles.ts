/** Profiles of connections: the TOML files that Temporal's command line and SDKs share, read by their own package. */
import { loadClientConfig, type ClientConfigProfile, type ConfigDataSource } from '@temporalio/envconfig';
import { z } from 'zod';
import { KeyFileError, readKeyFile } from './key-file.js';

/** What of a profile is a credential that stands in the file itself. */
export type ProfileDataField = 'apiKey' | 'clientCert' | 'clientKey' | 'serverCACert';

/** The part of a credential in a profile: a path, or the credential itself. */
export type ProfileCredential = { readonly path: string } | 'inline';

/** One profile; what it leaves out is absent. */
export interface Profile {
  readonly address?: string;
  readonly namespace?: string;
  /** Absent: it says nothing of TLS. */
  readonly tls?: boolean;
  readonly serverName?: string;
  readonly ca?: ProfileCredential;
  readonly cert?: ProfileCredential;
  readonly key?: ProfileCredential;
  /** True: it has one. */
  readonly apiKey?: true;
  /** Headers of each request, in lower case. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A profile of a file. Variables of the environment are not looked at: those of the SDK (`TEMPORAL_*`) would hold for every
 * cluster.
 *
 * @throws {KeyFileError} if the file cannot be used or has no such profile
 */
export function readProfile(path: string, name: string): Profile {
  const { address, namespace, apiKey, tls, grpcMeta } = profileOf(path, name);
  const [ca, cert, key] = [tls?.serverCACert, tls?.clientCert, tls?.clientKey].map(
    (source) => source && ('path' in source ? { path: source.path } : ('inline' as const)),
  );
  return {
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(tls === undefined ? {} : { tls: tls.disabled !== true }),
    ...(tls?.serverName === undefined ? {} : { serverName: tls.serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(apiKey === undefined ? {} : { apiKey: true }),
    ...(grpcMeta === undefined ? {} : { metadata: grpcMeta }),
  };
}

/**
 * A credential that stands in a profile itself.
 *
 * @throws {KeyFileError} if the file cannot be used, or the credential has gone
 */
export function profileData(path: string, name: string, field: ProfileDataField): string {
  const { apiKey, tls } = profileOf(path, name);
  const text = field === 'apiKey' ? apiKey : inlineText(tls?.[field]);
  if (text !== undefined) return text;
  throw new KeyFileError(`has no such credential in the profile ${name} any more`, {
    expected: `what it held at the start`,
    got: 'nothing',
    fix: 'put it back, or restart the bridge',
  });
}

function inlineText(source: ConfigDataSource | undefined): string | undefined {
  if (source === undefined || 'path' in source) return undefined;
  return typeof source.data === 'string' ? source.data : Buffer.from(source.data).toString('utf8');
}

function profileOf(path: string, name: string): ClientConfigProfile {
  const profiles = readProfiles(path);
  const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(profiles);
  throw new KeyFileError(`has no profile ${name}`, {
    expected: known.length === 0 ? 'a profile' : `one of ${known.slice(0, 10).join(', ')}`,
    got: name,
    fix: `correct the name, or add [profile.${name}]`,
  });
}

const text = z.string().min(1);
const source = z.union([
  z.object({ path: text }),
  z.object({ data: z.union([text, z.instanceof(Uint8Array)]) }),
]);

/** The package checks names only. */
const profilesSchema = z.record(
  z.string(),
  z.object({
    address: text.optional(),
    namespace: text.optional(),
    apiKey: text.optional(),
    tls: z
      .object({
        disabled: z.boolean().optional(),
        serverName: text.optional(),
        clientCert: source.optional(),
        clientKey: source.optional(),
        serverCACert: source.optional(),
      })
      .optional(),
    grpcMeta: z.record(z.string(), z.string()).optional(),
  }),
);

/** Names of headers that hold credentials by all that is usual: `x-api-key`, `proxy-authorization`, `cookie`, `x-vault-token`. */
const SECRET_HEADER = /auth|cookie|credential|key|password|secret|token/i;

function readProfiles(path: string): Record<string, ClientConfigProfile> {
  const toml = readKeyFile(path, 'public');
  let profiles: Record<string, ClientConfigProfile>;
  try {
    const read = loadClientConfig({
      configSource: { data: toml },
      configFileStrict: true,
      overrideEnvVars: {},
    });
    profiles = profilesSchema.parse(read.profiles) as Record<string, ClientConfigProfile>;
  } catch (error) {
    throw new KeyFileError('cannot be read as profiles', {
      expected: 'TOML with tables [profile.NAME]',
      got: whyNot(error),
      fix: 'correct it; see docs/connections.md',
    });
  }
  const isSecret = Object.values(profiles).some(
    ({ apiKey, tls, grpcMeta }) =>
      apiKey !== undefined ||
      inlineText(tls?.clientKey) !== undefined ||
      Object.keys(grpcMeta ?? {}).some((header) => SECRET_HEADER.test(header)),
  );
  // A file with keys is a key file.
  if (isSecret) readKeyFile(path, 'private');
  return profiles;
}

/** Why a file was refused, without what stands in it: a parser quotes the line, which may hold a key. */
function whyNot(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path }) => `a wrong value of ${path.join('.')}`).join(', ') || 'a wrong value';
  }
  if (error instanceof Error && 'line' in error) return `no TOML at line ${String(error.line)}`;
  if (error instanceof Error && /^Validation error:|^Cannot specify both/.test(error.message)) {
    return error.message.replace(/^Validation error: /, '');
  }
  return 'no table of profiles';
}
