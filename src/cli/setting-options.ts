/** The options that stand for settings, and the settings as the help shows them. */
import type { Command } from 'commander';
import type { Overrides } from '../bridge/config/given.js';
import { settingNames, settingOf } from '../bridge/config/settings.js';

/** What commander has read of them. */
export interface SettingOptions {
  readonly role?: string;
  readonly dev?: true;
}

/** Gives a command the options that stand for settings. */
export function withSettingOptions(command: Command): Command {
  return command
    .option('--role <role>', `sides that this process serves: ${settingOf('BRIDGE_ROLE').range}`)
    .option('--dev', 'development run: start without seal keys');
}

/** The settings that were given as options. */
export function overridesOf({ role, dev }: SettingOptions): Overrides {
  return {
    ...(role === undefined ? {} : { BRIDGE_ROLE: role }),
    ...(dev === true ? { BRIDGE_DEV: 'true' } : {}),
  };
}

/** Every setting with its meaning, range and default. */
export function settingsHelp(): string {
  const lines = settingNames.map((name) => {
    const { doc, range, default: value } = settingOf(name);
    return `  ${name}\n      ${doc}\n      ${range}${value === undefined ? '' : `; default ${value}`}`;
  });
  return `Settings (environment variables; empty = not set; options win over them):\n${lines.join('\n')}\n`;
}
