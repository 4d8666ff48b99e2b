/** The command line: commands, options and help. What the commands do is in the files next to it. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../bridge/config/config-error.js';
import { showConfig } from './config-command.js';
import { registerCall } from './call/command.js';
import { registerCalls } from './calls/command.js';
import { registerDoctor } from './doctor/command.js';
import { CliFailure, CliRefusal, EXIT, type CliIo } from './io.js';
import { newKeys } from './keys-command.js';
import { run } from './run-command.js';
import { overridesOf, settingsHelp, withSettingOptions, type SettingOptions } from './setting-options.js';

/** The program, and the exit status that the command which ran has left. */
export interface Program {
  readonly command: Command;
  readonly exitCode: () => number;
}

/** Builds the program. Nothing runs until its `command` parses arguments. */
export function createProgram(io: CliIo): Program {
  let exitCode: number = EXIT.ok;
  const command = new Command('temporal-bridge')
    .description(
      'Lets workflows of one Temporal cluster (A) run workflows of another (B) and get their outcome.',
    )
    .version(io.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showSuggestionAfterError()
    .showHelpAfterError('(see temporal-bridge --help)')
    .addHelpText('after', MAIN_HELP);

  withSettingOptions(command.command('run'))
    .description('Run the bridge until SIGTERM or SIGINT')
    .addHelpText('after', `\n${settingsHelp()}`)
    .action(async (options: SettingOptions) => {
      exitCode = await run(io, { overrides: overridesOf(options) });
    });

  withSettingOptions(command.command('config'))
    .description('Check the settings and show them, with source, default and range; secrets are masked')
    .option('--json', 'print JSON')
    .addHelpText('after', `\n${settingsHelp()}`)
    .action((options: SettingOptions & { json?: true }) => {
      exitCode = showConfig(io, { overrides: overridesOf(options), json: options.json === true });
    });

  command
    .command('keys')
    .description('Keys that seal the reply addresses of calls')
    .helpCommand(false)
    .command('new')
    .description('Make an Ed25519 pair and print the settings that name it; never overwrites')
    .option('-o, --out <dir>', 'folder for the two files', '.')
    .addHelpText('after', KEYS_HELP)
    .action((options: { out: string }) => {
      exitCode = newKeys(io, options);
    });

  const done = (code: number): void => {
    exitCode = code;
  };
  registerDoctor(command, io, done);
  registerCalls(command, io, done);
  registerCall(command, io, done);

  return { command, exitCode: () => exitCode };
}

/**
 * Runs one command line and says what went wrong, if something does.
 * @param args without the program's own name
 * @returns the exit status, one of {@link EXIT}
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  const program = createProgram(io);
  try {
    await program.command.parseAsync([...args], { from: 'user' });
    return program.exitCode();
  } catch (error) {
    // Commander has printed its own message, or the help or version that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.refused;
    if (ConfigError.is(error) || error instanceof CliRefusal) {
      io.stderr.write(`temporal-bridge: ${error.message}\n`);
      return EXIT.refused;
    }
    if (error instanceof CliFailure) {
      io.stderr.write(`temporal-bridge: ${error.message}\n`);
      return EXIT.failed;
    }
    throw error;
  }
}

const MAIN_HELP = `
Examples:
  temporal-bridge keys new --out ./keys      make the keys that the bridge needs
  temporal-bridge config                     see whether the settings are good
  temporal-bridge run                        serve both sides in one process
  temporal-bridge run --role caller          serve cluster A only
  temporal-bridge run --dev                  try it without keys, two local servers on 7233 and 7234
  temporal-bridge doctor                     is the bridge healthy, and what is about to break
  temporal-bridge calls list                 which calls there are, and how they stand
  temporal-bridge calls show order-17        where one call hangs, and what to do about it
  temporal-bridge call EchoWorkflow '"hi"' --task-queue echo-queue    make a call by hand

Settings are environment variables (CLUSTER_A_*, CLUSTER_B_*, BRIDGE_*); "temporal-bridge run --help" lists them.
Exit status: 0 done or stopped by a signal, 1 something broke, 2 settings or arguments refused, 130 interrupted.
`;

const KEYS_HELP = `
Writes seal-signing-key.pem (private, mode 0600, for the caller side) and seal-verify-keys.pem (public, for the
handler side). To change keys without a gap: append the new public key to the verify keys of every handler, restart
them, then give the callers the new signing key; take the old public key away when calls sealed with it have ended.
`;
