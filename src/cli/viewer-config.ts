/** The settings of commands that look and ask, and hold no key. */
import type { Environment, Overrides } from '../bridge/config/given.js';
import { resolveConfig, type ResolvedConfig } from '../bridge/config/resolve.js';

/**
 * Checks the settings as `run` does, without those of the seal and the allow-list: an operator's machine has neither keys nor
 * list, and what is there is not read.
 *
 * @throws {ConfigError} if the settings cannot be used
 */
export function viewerConfig(env: Environment, overrides: Overrides): ResolvedConfig {
  return resolveConfig(withoutTrust(env), { ...overrides, BRIDGE_DEV: 'true' });
}

/** The environment without the settings that name keys, or hold the allow-list. */
export function withoutTrust(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^BRIDGE_(?:SEAL|ALLOW)_/.test(name)));
}
