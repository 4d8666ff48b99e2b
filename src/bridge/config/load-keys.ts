/** Finds the seal's keys among the settings, as text or in a file, and turns what is wrong into problems. */
import type { KeyObject } from 'node:crypto';
import { configProblem, shownValue, type ConfigProblem } from './config-error.js';
import { KeyFileError, readKeyFile } from './key-file.js';
import { KeyTextError, parseSigningKey, parseVerifyKeys, type VerifyKey } from './seal-keys.js';
import { settingOf, type SettingName, type SettingValues } from './settings.js';

/** The keys that could be read. */
export interface LoadedKeys {
  readonly signingKey: KeyObject | undefined;
  readonly verifyKeys: readonly VerifyKey[];
}

/** Reads the keys; what cannot be used is added to `problems` and left out. */
export function loadKeys(values: Partial<SettingValues>, problems: ConfigProblem[]): LoadedKeys {
  const signingKey = load({
    text: 'BRIDGE_SEAL_SIGNING_KEY',
    file: 'BRIDGE_SEAL_SIGNING_KEY_FILE',
    access: 'private',
    parse: parseSigningKey,
  });
  const verifyKeys = load({
    text: 'BRIDGE_SEAL_VERIFY_KEYS',
    file: 'BRIDGE_SEAL_VERIFY_KEYS_FILE',
    access: 'public',
    parse: parseVerifyKeys,
  });
  return { signingKey, verifyKeys: verifyKeys ?? [] };

  function load<T>(from: KeySource<T>): T | undefined {
    const text = values[from.text];
    const path = values[from.file];
    if (text !== undefined && path !== undefined) {
      problems.push(
        configProblem(from.text, {
          what: `is given as well as ${from.file}`,
          expected: 'one of the two',
          got: 'both',
          fix: `remove ${from.text} or ${from.file}`,
        }),
      );
      return undefined;
    }
    try {
      if (text !== undefined) return from.parse(text);
      if (path !== undefined) return from.parse(readKeyFile(path, from.access));
    } catch (error) {
      problems.push(keyProblem(from, path, error));
    }
    return undefined;
  }
}

interface KeySource<T> {
  readonly text: 'BRIDGE_SEAL_SIGNING_KEY' | 'BRIDGE_SEAL_VERIFY_KEYS';
  readonly file: 'BRIDGE_SEAL_SIGNING_KEY_FILE' | 'BRIDGE_SEAL_VERIFY_KEYS_FILE';
  readonly access: 'private' | 'public';
  readonly parse: (text: string) => T;
}

function keyProblem(from: KeySource<unknown>, path: string | undefined, error: unknown): ConfigProblem {
  const setting: SettingName = path === undefined ? from.text : from.file;
  const where = path === undefined ? '' : `the file ${shownValue(path)} `;
  if (error instanceof KeyFileError) {
    const { message, expected, got, fix } = error;
    return configProblem(setting, { what: `${where}${message}`, expected, got, fix });
  }
  if (!(error instanceof KeyTextError)) throw error;
  return configProblem(setting, {
    what: `${where}${error.message}`,
    expected: settingOf(from.text).range,
    got: error.got,
    fix: 'make a pair with `temporal-bridge keys new`',
  });
}
