/** `temporal-bridge doctor`: arguments, help and exit status; what it checks is in the files next to it. */
import { printableJson } from '../../shared/escape.js';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ConfigError } from '../../bridge/config/config-error.js';
import { formatDuration, parseDurationMs } from '../../shared/duration.js';
import { DEFAULT_CALL_TIMEOUT_MS } from '../../shared/limits.js';
import { EXIT, type CliIo } from '../io.js';
import { overridesOf, withSettingOptions, type SettingOptions } from '../setting-options.js';
import { paletteFor } from '../text.js';

interface DoctorCommandOptions extends SettingOptions {
  readonly beforeStart?: true;
  readonly longestTimeout: number;
  readonly workflow?: string;
  readonly json?: true;
}

/** Adds the command. */
export function registerDoctor(program: Command, io: CliIo, done: (exitCode: number) => void): void {
  withSettingOptions(program.command('doctor'))
    .description('Check keys, both clusters and who polls, with a remedy for each fault; changes nothing')
    .option('--before-start', 'the bridge is not started yet: that nobody polls is no fault')
    .addOption(
      new Option(
        '--longest-timeout <duration>',
        'longest time-out of your calls, for the check of B’s retention',
      )
        .argParser(timeoutOf)
        .default(DEFAULT_CALL_TIMEOUT_MS, formatDuration(DEFAULT_CALL_TIMEOUT_MS)),
    )
    .option(
      '--workflow <id>',
      'compare how both sides encode the payloads of this call (any id that "calls show" takes)',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', DOCTOR_HELP)
    .action(async (options: DoctorCommandOptions) => {
      done(await doctor(io, options));
    });
}

function timeoutOf(text: string): number {
  try {
    return parseDurationMs(text);
  } catch {
    throw new InvalidArgumentError('Expected a duration such as 90s, 30m or 2d.');
  }
}

async function doctor(io: CliIo, options: DoctorCommandOptions): Promise<number> {
  const { checkKeys } = await import('./key-checks.js');
  let keys: Awaited<ReturnType<typeof checkKeys>>;
  try {
    keys = await checkKeys(io.env, overridesOf(options));
  } catch (error) {
    if (!options.json || !ConfigError.is(error)) throw error;
    io.stdout.write(`${printableJson({ code: error.code, problems: error.problems }, 2)}\n`);
    return EXIT.refused;
  }
  const { config } = keys;
  const { examineClusters } = await import('./doctor.js');
  const clusters = await examineClusters(config, {
    longestTimeoutMs: options.longestTimeout,
    beforeStart: options.beforeStart === true,
    ...(options.workflow === undefined ? {} : { workflow: options.workflow }),
  });
  const [{ reportLines, verdictOf }, { NO_CALL_GIVEN }, { checkIgnored }] = await Promise.all([
    import('./report.js'),
    import('./codec-check.js'),
    import('./connection-check.js'),
  ]);
  const ignored = checkIgnored(io.env).map((finding) => ({ where: 'host', ...finding }));
  const codecs = options.workflow === undefined ? [{ where: 'host', ...NO_CALL_GIVEN }] : [];
  const groups = [
    { title: `this host (role ${config.role})`, checks: [...keys.checks, ...ignored, ...codecs] },
    ...clusters,
  ];
  const checks = groups.flatMap((group) => group.checks);
  const verdict = verdictOf(checks);
  const text = options.json
    ? printableJson({ ...verdict, role: config.role, checks }, 2)
    : reportLines(groups, paletteFor(io.stdout)).join('\n');
  io.stdout.write(`${text}\n`);
  return verdict.failures > 0 ? EXIT.failed : EXIT.ok;
}

const DOCTOR_HELP = `
Run it where the bridge runs, with the settings that it has: it looks at what its role has to do with. ✓ is good,
– cannot be told or is no fault, ! is a warning, ✗ a fault. Nothing is started or changed: rights are tried with
requests about a workflow that does not exist. A process that has just died is seen as a poller for up to a minute.

Examples:
  temporal-bridge doctor --before-start           on a new host, before the bridge is started
  temporal-bridge doctor --longest-timeout 3d     if some of your calls may take three days
  temporal-bridge doctor --workflow order-1       do both sides of this call encode their payloads alike

Exit status: 0 healthy (warnings count as healthy), 1 a fault was found, 2 settings or arguments refused.
`;
