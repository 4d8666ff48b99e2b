/** Finds the allow-list among the settings, in short or in a file, and turns what is wrong into problems. */
import { MAX_ALLOW_FILE_BYTES } from '../../shared/limits.js';
import {
  allowRules,
  allowRulesOfSettings,
  AllowTextError,
  parseAllowEntries,
  parseAllowFile,
  type AllowRules,
} from '../allow/allow-rules.js';
import { configProblem, shownValue, type ConfigProblem } from './config-error.js';
import { KeyFileError, readPlainFile } from './key-file.js';
import { settingOf, type SettingName, type SettingValues } from './settings.js';

const SHORT = ['BRIDGE_ALLOW_TARGETS', 'BRIDGE_ALLOW_CALLERS'] as const;

/** Reads the list; what cannot be used is added to `problems`, and the list is then empty. */
export function loadAllow(values: Partial<SettingValues>, problems: ConfigProblem[]): AllowRules {
  const path = values.BRIDGE_ALLOW_FILE;
  const none = allowRules(undefined, undefined);
  const given = SHORT.filter((name) => values[name] !== undefined);
  if (path === undefined) {
    const bad = given.flatMap((name) => problemOf(name, () => parseAllowEntries(values[name] ?? '')));
    problems.push(...bad);
    if (bad.length > 0) return none;
    return allowRulesOfSettings(values.BRIDGE_ALLOW_TARGETS, values.BRIDGE_ALLOW_CALLERS);
  }
  for (const name of given) {
    const [expected, got] = ['the list in one place', 'both'];
    const fix = `put it into the file and remove ${name}, or remove BRIDGE_ALLOW_FILE`;
    problems.push(configProblem(name, { what: 'is given as well as BRIDGE_ALLOW_FILE', expected, got, fix }));
  }
  let read = none;
  problems.push(
    ...problemOf(
      'BRIDGE_ALLOW_FILE',
      () => {
        read = parseAllowFile(readPlainFile(path, MAX_ALLOW_FILE_BYTES), path);
      },
      path,
    ),
  );
  return read;
}

function problemOf(setting: SettingName, read: () => unknown, path?: string): ConfigProblem[] {
  const where = path === undefined ? '' : `the file ${shownValue(path)} `;
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof KeyFileError) {
      const { message, expected, got, fix } = error;
      return [configProblem(setting, { what: `${where}${message}`, expected, got, fix })];
    }
    if (!(error instanceof AllowTextError)) throw error;
    const [expected, fix] =
      path === undefined
        ? [settingOf(setting).range, `set it like ${setting}='${settingOf(setting).example}'`]
        : [
            '{"targets": [{"workflowType", "taskQueue"}], "callers": [{"workflowType", "namespace"}]}',
            'correct the file; docs/configuration.md has all fields',
          ];
    return [configProblem(setting, { what: `${where}${error.message}`, expected, got: error.got, fix })];
  }
}
