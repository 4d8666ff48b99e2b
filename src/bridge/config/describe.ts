/** The settings as rows for people: what holds, where it came from, what could be set. */
import { escapeForLog } from '../../shared/escape.js';
import { looksLikeKey, withoutCredentials } from './config-error.js';
import { givenValue, type Environment, type Overrides, type SettingSource } from './given.js';
import { settingNames, settingOf, type SettingName } from './settings.js';

/** One setting. */
export interface ConfigRow {
  readonly env: SettingName;
  /** The text that holds, escaped; `(hidden)` for a secret; null if the setting is not given and has no default. */
  readonly value: string | null;
  /** `file` on a key setting whose key is taken from the file of the setting next to it. */
  readonly source: SettingSource;
  readonly type: string;
  /** Of the number, or null. */
  readonly unit: string | null;
  readonly range: string;
  readonly default: string | null;
  readonly doc: string;
}

/**
 * One row for each setting, in the order of the table. Checks nothing and opens no file, so that it also describes a
 * configuration that `resolveConfig` refuses.
 *
 * @param fromProfiles - what profiles say of settings that were left out; see `ClusterAccess`
 */
export function describeConfig(
  env: Environment,
  overrides: Overrides = {},
  fromProfiles: FromProfiles = {},
): ConfigRow[] {
  return settingNames.map((name) => {
    const setting = settingOf(name);
    return {
      env: name,
      ...shown(name, env, overrides, fromProfiles),
      type: setting.type,
      unit: setting.unit ?? null,
      range: setting.range,
      default: setting.default ?? null,
      doc: setting.doc,
    };
  });
}

function shown(
  name: SettingName,
  env: Environment,
  overrides: Overrides,
  fromProfiles: FromProfiles,
): Pick<ConfigRow, 'value' | 'source'> {
  const { text, source } = givenValue(name, env, overrides);
  const setting = settingOf(name);
  const isKey = setting.type === 'key text' || setting.type === 'API key';
  const isGivenAsFile = isKey && givenValue(`${name}_FILE` as SettingName, env, overrides).text !== undefined;
  const inProfile = source === 'default' && !isGivenAsFile ? fromProfiles[name] : undefined;
  if (inProfile !== undefined)
    return { value: escapeForLog(withoutCredentials(inProfile)), source: 'profile' };
  if (text === undefined) {
    return isGivenAsFile ? { value: HIDDEN, source: 'file' } : { value: null, source };
  }
  if (isKey && setting.secret !== true) return { value: publicKeysIn(text), source };
  const hidden = isKey || setting.secret === true || looksLikeKey(text);
  return { value: hidden ? HIDDEN : escapeForLog(withoutCredentials(text)), source };
}

/** Texts by setting, safe to be shown. */
export type FromProfiles = Readonly<Partial<Record<string, string>>>;

const HIDDEN = '(hidden)';

/** Of public keys the number is of use; of text that is something else nothing is said. */
function publicKeysIn(text: string): string {
  const count = text.match(/-----BEGIN PUBLIC KEY-----/g)?.length ?? 0;
  if (count === 0 || text.includes('PRIVATE')) return HIDDEN;
  return count === 1 ? '(1 public key)' : `(${String(count)} public keys)`;
}
