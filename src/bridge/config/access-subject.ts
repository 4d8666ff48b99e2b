/** What the settings and profiles say of one cluster's connection, before it is put together and checked. */
import type { ListedCluster } from './cluster-list.js';
import { configProblem, shownValue, type ConfigProblem } from './config-error.js';
import type { CredentialSources } from './credentials.js';
import { KeyFileError } from './key-file.js';
import { readProfile, type Profile, type ProfileCredential } from './profiles.js';
import { addressProblem, namespaceProblem } from './setting.js';
import type { SettingName, SettingValues } from './settings.js';

/** Names of what decides on a connection. */
export interface AccessNames {
  readonly tls: string;
  readonly serverName: string;
  readonly ca: string;
  readonly cert: string;
  readonly apiKey: string;
}

/** What connects to one cluster, before it is checked. */
export interface AccessSubject {
  /** The setting that its problems are put down to. */
  readonly setting: SettingName;
  /** Put before what is wrong with it. */
  readonly whose: string;
  readonly names: AccessNames;
  readonly address: string | undefined;
  /** `undefined`: auto. */
  readonly tls: boolean | undefined;
  readonly plaintext: boolean;
  readonly explicit: CredentialSources & { readonly serverName?: string };
  readonly profile: Profile;
  readonly profileAt: { readonly path: string; readonly name: string } | undefined;
  readonly fromProfile: Partial<Record<SettingName, string>>;
  /** What to set for plain text beyond this host. */
  readonly allowing: string;
}

/** What connects to A or B: settings, and what a profile adds to them. */
export function subjectOf(
  side: 'A' | 'B',
  given: Partial<SettingValues>,
  isGiven: (name: SettingName) => boolean,
  problems: ConfigProblem[],
): { readonly subject: AccessSubject; readonly values: Partial<SettingValues> } {
  const at = <N extends string>(name: N) => `CLUSTER_${side}_${name}` as const;
  const named = given[at('PROFILE')];
  const found = profileOf(at('PROFILE'), named, given, problems);
  const { profile } = found;
  const address = isGiven(at('HOST')) ? undefined : checkedPart(profile.address, addressProblem, 'address');
  const namespace = isGiven(at('NAMESPACE'))
    ? undefined
    : checkedPart(profile.namespace, namespaceProblem, 'namespace');
  const file = (name: 'TLS_CA_FILE' | 'TLS_CERT_FILE' | 'TLS_KEY_FILE' | 'API_KEY_FILE') => {
    const path = given[at(name)];
    return path === undefined
      ? undefined
      : ({ kind: 'file', path, setting: at(name), label: at(name) } as const);
  };
  const [ca, cert, key, keyFile] = [
    file('TLS_CA_FILE'),
    file('TLS_CERT_FILE'),
    file('TLS_KEY_FILE'),
    file('API_KEY_FILE'),
  ];
  const keyText = given[at('API_KEY')];
  if (keyText !== undefined && keyFile !== undefined) {
    problems.push(
      configProblem(at('API_KEY'), {
        what: `is given as well as ${at('API_KEY_FILE')}`,
        expected: 'one of the two',
        got: 'both',
        fix: `remove ${at('API_KEY')} or ${at('API_KEY_FILE')}`,
      }),
    );
  }
  const apiKey =
    keyText === undefined
      ? keyFile
      : ({ kind: 'text', text: keyText, setting: at('API_KEY'), label: at('API_KEY') } as const);
  const serverName = given[at('TLS_SERVER_NAME')];
  const tls = given[at('TLS')];
  const inProfile = (field: string, setting: string, isExplicit: boolean): string =>
    isExplicit || named === undefined ? setting : `${setting} (or ${field} of the profile ${named})`;
  return {
    values: {
      ...(address === undefined ? {} : { [at('HOST')]: address }),
      ...(namespace === undefined ? {} : { [at('NAMESPACE')]: namespace }),
    },
    subject: {
      setting: at('TLS'),
      whose: '',
      names: {
        tls: at('TLS'),
        serverName: inProfile('server_name', at('TLS_SERVER_NAME'), serverName !== undefined),
        ca: inProfile('server_ca_cert_path', at('TLS_CA_FILE'), ca !== undefined),
        cert: inProfile(
          'client_cert_path',
          `${at('TLS_CERT_FILE')} and ${at('TLS_KEY_FILE')}`,
          cert !== undefined,
        ),
        apiKey: inProfile('api_key', at('API_KEY_FILE'), apiKey !== undefined),
      },
      address: address ?? given[at('HOST')],
      tls: tls === undefined || tls === 'auto' ? undefined : tls === 'true',
      plaintext: given[at('ALLOW_PLAINTEXT')] === true,
      explicit: {
        ...(serverName === undefined ? {} : { serverName }),
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(apiKey === undefined ? {} : { apiKey }),
      },
      profile,
      profileAt: found.at,
      fromProfile: {
        ...(address === undefined ? {} : { [at('HOST')]: address }),
        ...(namespace === undefined ? {} : { [at('NAMESPACE')]: namespace }),
        ...(profile.tls === undefined ? {} : { [at('TLS')]: String(profile.tls) }),
        ...(profile.serverName === undefined ? {} : { [at('TLS_SERVER_NAME')]: profile.serverName }),
        ...shownPath(at('TLS_CA_FILE'), profile.ca),
        ...shownPath(at('TLS_CERT_FILE'), profile.cert),
        ...shownPath(at('TLS_KEY_FILE'), profile.key),
        ...(profile.apiKey === undefined ? {} : { [at('API_KEY')]: '(hidden)' }),
      },
      allowing: `${at('ALLOW_PLAINTEXT')}=true`,
    },
  };

  function checkedPart(
    text: string | undefined,
    problemOf: (text: string) => string | undefined,
    field: string,
  ): string | undefined {
    const problem = text === undefined ? undefined : problemOf(text);
    if (problem !== undefined)
      problems.push(badField(at('PROFILE'), named ?? '', field, problem, text ?? ''));
    return problem === undefined ? text : undefined;
  }
}

/** What connects to a cluster of a list: its profile alone. */
export function entrySubject(
  setting: 'BRIDGE_HANDLER_CLUSTERS' | 'BRIDGE_CALLER_CLUSTERS',
  { name, address, profile: named, plaintext }: ListedCluster,
  given: Partial<SettingValues>,
  problems: ConfigProblem[],
): AccessSubject {
  const found = profileOf(setting, named, given, problems);
  const of = (field: string): string =>
    named === undefined
      ? `?profile= of the entry ${name} (${setting}) with ${field}`
      : `${field} of the profile ${named} (${setting}, entry ${name})`;
  return {
    setting,
    whose: `has an entry ${name} whose TLS `,
    names: {
      tls: of('tls'),
      serverName: of('server_name'),
      ca: of('server_ca_cert_path'),
      cert: of('client_cert_path and client_key_path'),
      apiKey: of('api_key'),
    },
    address,
    tls: undefined,
    plaintext: plaintext === true,
    explicit: {},
    profile: found.profile,
    profileAt: found.at,
    fromProfile: {},
    allowing: `?plaintext=true`,
  };
}

function profileOf(
  setting: SettingName,
  name: string | undefined,
  { BRIDGE_PROFILES_FILE: path }: Partial<SettingValues>,
  problems: ConfigProblem[],
): { readonly profile: Profile; readonly at: AccessSubject['profileAt'] } {
  if (name === undefined) return { profile: {}, at: undefined };
  if (path === undefined) {
    problems.push(
      configProblem(setting, {
        what: `names the profile ${shownValue(name)}, and there is no file of profiles`,
        expected: 'BRIDGE_PROFILES_FILE next to it',
        got: 'a profile without a file',
        fix: 'set BRIDGE_PROFILES_FILE to the TOML file that has it',
      }),
    );
    return { profile: {}, at: undefined };
  }
  try {
    return { profile: readProfile(path, name), at: { path, name } };
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    const { message, expected, got, fix } = error;
    const what = `the file of profiles ${shownValue(path)} ${message}`;
    problems.push(configProblem(setting, { what, expected, got, fix }));
    return { profile: {}, at: undefined };
  }
}

/** A field of a profile that cannot be used, as a problem with the setting that names the profile. */
export function badField(
  setting: SettingName,
  profile: string,
  field: string,
  problem: string,
  text: string,
): ConfigProblem {
  return configProblem(setting, {
    what: `names the profile ${profile}, whose ${field} ${problem}`,
    expected: `a good ${field}`,
    got: shownValue(text),
    fix: `correct ${field} in BRIDGE_PROFILES_FILE`,
  });
}

function shownPath(name: SettingName, part: ProfileCredential | undefined) {
  if (part === undefined) return {};
  return { [name]: part === 'inline' ? '(in the profile)' : part.path };
}
