/** The keys of the seal: there, readable, and belonging together; and the allow-list, which is read with them. */
import type { ConfigProblem } from '../../bridge/config/config-error.js';
import { ConfigError } from '../../bridge/config/config-error.js';
import type { Environment, Overrides } from '../../bridge/config/given.js';
import { resolveConfig, type ResolvedConfig } from '../../bridge/config/resolve.js';
import { isAmong } from '../../bridge/config/seal-keys.js';
import { viewerConfig } from '../viewer-config.js';
import { checkAllowList } from './allow-check.js';
import type { Check, Finding } from './check.js';

const WHAT = 'keys';

/** The settings, and what is to be said about the keys in them. */
export interface KeyChecks {
  readonly config: ResolvedConfig;
  readonly checks: readonly Check[];
}

/**
 * Reads the settings as `run` does. Keys and a list that cannot be used are findings; the clusters are looked at all the same.
 *
 * @throws {ConfigError} if other settings cannot be used
 */
export async function checkKeys(env: Environment, overrides: Overrides): Promise<KeyChecks> {
  const at = (finding: Finding): Check => ({ where: 'host', ...finding });
  try {
    const config = resolveConfig(env, overrides);
    return { config, checks: [...(await goodKeys(config)), ...checkAllowList(config)].map(at) };
  } catch (error) {
    if (!ConfigError.is(error)) throw error;
    if (!error.problems.every(({ setting }) => /^BRIDGE_(?:SEAL|ALLOW)_/.test(setting))) throw error;
    return { config: viewerConfig(env, overrides), checks: error.problems.map(badKey).map(at) };
  }
}

/** A problem's message says what to do behind its last semicolon. */
function badKey({ setting, message }: ConfigProblem): Finding {
  const end = message.lastIndexOf('; ');
  const what = setting.startsWith('BRIDGE_ALLOW_') ? 'allow-list' : WHAT;
  return { what, level: 'failure', found: message.slice(0, end), remedy: message.slice(end + 2) };
}

async function goodKeys({ role, dev, signingKey, verifyKeys }: ResolvedConfig): Promise<Finding[]> {
  const { sealKeyId } = await import('../../bridge/seal.js');
  if (signingKey === undefined && verifyKeys.length === 0) {
    return [
      {
        what: WHAT,
        level: 'warning',
        found: 'a development run without keys: anybody who reaches B can ask for signals to A',
        remedy: 'make a pair with "temporal-bridge keys new", set what it prints, and leave BRIDGE_DEV out',
      },
    ];
  }
  const parts = [
    ...(signingKey ? [`seals with key ${sealKeyId(signingKey)}`] : []),
    ...(verifyKeys.length > 0 ? [`accepts ${verifyKeys.map(sealKeyId).join(', ')}`] : []),
    ...(signingKey && verifyKeys.length > 0 && isAmong(signingKey, verifyKeys)
      ? ['the two belong together']
      : []),
  ];
  const found: Finding[] = [{ what: WHAT, level: 'ok', found: parts.join('; ') }];
  if (role === 'caller') {
    found.push({
      what: WHAT,
      level: 'note',
      found: 'whether the handler side accepts this key is told there: its doctor names the keys it accepts',
    });
  }
  if (dev) {
    found.push({
      what: WHAT,
      level: 'warning',
      found: 'BRIDGE_DEV is set although there are keys',
      remedy: 'leave BRIDGE_DEV out, so that a run without keys cannot start unnoticed',
    });
  }
  return found;
}
