import { fromDebian, fromGoModule, fromRelease, releasePlatform } from './fetch-program.js';
import { findProgram, type FindProgramOptions } from './find-program.js';
import { runCommand } from './run-command.js';

/** The Prometheus release whose promtool is fetched where there is none; Debian's package is what Debian has. */
export const PROMETHEUS_VERSION = '3.5.1';
/** The same release as a Go module. */
const GO_MODULE = 'github.com/prometheus/prometheus@v0.305.1';

const RELEASES = 'https://github.com/prometheus/prometheus/releases';

/**
 * Finds promtool, Prometheus's checker of rules, and fetches it if the machine has none. In this order: the file named
 * by `PROMTOOL_PATH`; `promtool` on the `PATH`; Go's folder of programs; the cache folder; the released program from
 * GitHub; the program out of Debian's package `prometheus`; a build by Go.
 *
 * @returns the path of the program
 * @throws {Error} that says how to get one, if every step failed
 */
export async function findPromtool(options: FindProgramOptions): Promise<string> {
  const archive = `prometheus-${PROMETHEUS_VERSION}.${releasePlatform()}`;
  return await findProgram(
    {
      name: 'promtool',
      what: 'promtool',
      variable: 'PROMTOOL_PATH',
      isUsable: isPromtool,
      ways: [
        fromRelease(`${RELEASES}/download/v${PROMETHEUS_VERSION}/${archive}.tar.gz`, `${archive}/promtool`),
        fromDebian('prometheus', 'usr/bin/promtool'),
        fromGoModule(GO_MODULE, './cmd/promtool', '3 minutes'),
      ],
      advice: [
        `Put the program \`promtool\` of a Prometheus release (${RELEASES}) on the PATH (Debian: apt-get install prometheus),`,
        'or name it: PROMTOOL_PATH=/path/to/promtool',
      ],
    },
    options,
  );
}

async function isPromtool(path: string): Promise<boolean> {
  const { ok, stdout, stderr } = await runCommand(path, ['--version']);
  // Where they print it differs between releases, and one built by Go from the module knows no number.
  return ok && /^promtool, version\b/m.test(stdout + stderr);
}
