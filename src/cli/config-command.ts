/** `temporal-bridge config`: shows the settings that hold, or what is wrong with them. */
import pc from 'picocolors';
import { ConfigError } from '../bridge/config/config-error.js';
import { describeConfig, type ConfigRow } from '../bridge/config/describe.js';
import type { Overrides } from '../bridge/config/given.js';
import { resolveConfig, type ResolvedConfig } from '../bridge/config/resolve.js';
import { allowListInWords } from './doctor/allow-check.js';
import { EXIT, type CliIo } from './io.js';

/**
 * Prints the settings; with `json` as one JSON object: `{settings, allowList}`, or `{code, problems}` if they cannot be used.
 * @returns the exit status
 * @throws {ConfigError} if the settings cannot be used and `json` is off.
 */
export function showConfig(
  io: Pick<CliIo, 'env' | 'stdout'>,
  options: { readonly overrides: Overrides; readonly json: boolean },
): number {
  let config: ResolvedConfig;
  try {
    config = resolveConfig(io.env, options.overrides);
  } catch (error) {
    if (!options.json || !ConfigError.is(error)) throw error;
    io.stdout.write(`${JSON.stringify({ code: error.code, problems: error.problems }, null, 2)}\n`);
    return EXIT.refused;
  }
  const allowList = allowListInWords(config);
  const rows = describeConfig(io.env, options.overrides, {
    ...config.callerCluster.access?.fromProfile,
    ...config.handlerCluster.access?.fromProfile,
  });
  io.stdout.write(
    options.json
      ? `${JSON.stringify({ settings: rows, allowList }, null, 2)}\n`
      : `${table(rows, io.stdout.isTTY === true)}\nAllow-list: ${allowList}\n`,
  );
  return EXIT.ok;
}

const HEADER = ['SETTING', 'VALUE', 'SOURCE', 'DEFAULT', 'RANGE', 'MEANING'];

function table(rows: readonly ConfigRow[], tty: boolean): string {
  const { bold, dim } = pc.createColors(tty && pc.isColorSupported);
  const cells = rows.map((row) => [
    row.env,
    row.value ?? '-',
    row.source,
    row.default ?? '-',
    row.unit === null || row.unit === 'ms' ? row.range : `${row.range} ${row.unit}`,
    row.doc,
  ]);
  const widths = HEADER.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => (line[column] ?? '').length)),
  );
  const text = (line: readonly string[]) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = cells.map((line, index) =>
    rows[index]?.source === 'default' ? dim(text(line)) : text(line),
  );
  return `${[bold(text(HEADER)), ...lines].join('\n')}\n`;
}
