/** The settings of commands that look and ask, and hold no key. */
import type { Environment, Overrides } from '../bridge/config/given.js';
import { resolveConfig, type ResolvedConfig } from '../bridge/config/resolve.js';

/**
 * Checks the settings as `run` does, without those of the seal: an operator's machine has no keys, and a key that is there is
 * not read.
 *
 * @throws {ConfigError} if the settings cannot be used
 */
export function viewerConfig(env: Environment, overrides: Overrides): ResolvedConfig {
  return resolveConfig(withoutSealKeys(env), { ...overrides, BRIDGE_DEV: 'true' });
}

/** The environment without the settings that name keys. */
export function withoutSealKeys(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('BRIDGE_SEAL_')));
}
