/** Reads what was given: which settings, from where, with which text. Checks nothing but the names. */
import { configProblem, type ConfigProblem } from './config-error.js';
import { nearestName } from './nearest-name.js';
import { isSettingName, settingNames, settingOf, type SettingName } from './settings.js';

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;
/** Values from the command line, by environment name; they win over the environment. */
export type Overrides = Readonly<Partial<Record<SettingName, string>>>;
/** Where a value came from; `file` is a key that was read from a file, `profile` what a profile has in its place. */
export type SettingSource = 'default' | 'environment' | 'flag' | 'file' | 'profile';

/** A setting's trimmed text and its origin; no text if it was not given and has no default. */
export interface GivenValue {
  readonly text: string | undefined;
  readonly source: 'default' | 'environment' | 'flag';
}

/** The text of one setting. Empty, or white space alone, counts as not given. */
export function givenValue(name: SettingName, env: Environment, overrides: Overrides): GivenValue {
  const flag = overrides[name]?.trim();
  if (flag !== undefined && flag !== '') return { text: flag, source: 'flag' };
  const variable = env[name]?.trim();
  if (variable !== undefined && variable !== '') return { text: variable, source: 'environment' };
  return { text: settingOf(name).default, source: 'default' };
}

/** The setting's name for messages, with the command-line option if the value came from there. */
export function givenName(name: SettingName, { source }: Pick<GivenValue, 'source'>): string {
  const { flag } = settingOf(name);
  return source === 'flag' && flag !== undefined ? `${name} (${flag})` : name;
}

/**
 * Finds variables that look like settings and are none: most likely a slip, which would otherwise leave a default in
 * force unnoticed. Variables that Kubernetes adds for a Service named `bridge` or `cluster-a` are let through.
 */
export function unknownSettings(env: Environment): ConfigProblem[] {
  return Object.entries(env)
    .filter(
      ([name, value]) => /^(?:BRIDGE|CLUSTER_[AB])_/.test(name) && !isSettingName(name) && value?.trim(),
    )
    .filter(([name, value]) => !isServiceLink(name, value ?? ''))
    .map(([name]) => {
      const nearest = nearestName(name, settingNames);
      return configProblem(name.slice(0, 80), {
        what: 'is no setting of the bridge',
        expected: nearest ?? 'one of the names that `temporal-bridge run --help` lists',
        got: 'an unknown name',
        fix: nearest === undefined ? 'remove it' : `did you mean ${nearest}? Rename it, or remove it`,
      });
    });
}

/**
 * The names of variables by which the SDK and Temporal's command line find their one cluster, if any is set. The bridge has
 * two, and takes none of them.
 */
export function ignoredSdkVariables(env: Environment): string[] {
  return Object.entries(env)
    .filter(([name, value]) => SDK_VARIABLES.test(name) && value?.trim())
    .map(([name]) => name.slice(0, 80))
    .sort();
}

const SDK_VARIABLES =
  /^TEMPORAL_(?:ADDRESS|NAMESPACE|API_KEY|PROFILE|CONFIG_FILE|TLS(?:_[A-Z_]+)?|CODEC_[A-Z_]+|GRPC_META_.+)$/;

/** https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables */
function isServiceLink(name: string, value: string): boolean {
  if (/_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$/.test(name)) return true;
  return /_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$/.test(name) && isLinkValue(name, value);
}

function isLinkValue(name: string, value: string): boolean {
  return /_(?:PROTO|ADDR)$|_(?:TCP|UDP|SCTP)_PORT$/.test(name) || /^(?:tcp|udp|sctp):\/\//.test(value);
}
