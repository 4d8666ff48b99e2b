import { fromGoModule, fromRelease, releasePlatform } from './fetch-program.js';
import { findProgram, type FindProgramOptions } from './find-program.js';
import { runCommand } from './run-command.js';

/** The Jaeger release that is fetched where there is none. */
export const JAEGER_VERSION = '2.13.0';
/** The same release as a Go module. */
const GO_MODULE = 'github.com/jaegertracing/jaeger@v1.76.0';

const RELEASES = 'https://github.com/jaegertracing/jaeger/releases';

/**
 * Finds Jaeger 2 (one program: OTLP receiver, storage in memory, query API), and fetches it if the machine has none. In
 * this order: the file named by `JAEGER_PATH`; `jaeger` on the `PATH`; Go's folder of programs; the cache folder; the
 * released program from GitHub; a build by Go (about 5 minutes, without the web page).
 *
 * @returns the path of the program
 * @throws {Error} that says how to get one, if every step failed
 */
export async function findJaeger(options: FindProgramOptions): Promise<string> {
  const archive = `jaeger-${JAEGER_VERSION}-${releasePlatform()}`;
  return await findProgram(
    {
      name: 'jaeger',
      what: 'Jaeger 2',
      variable: 'JAEGER_PATH',
      isUsable: isJaeger,
      ways: [
        fromRelease(`${RELEASES}/download/v${JAEGER_VERSION}/${archive}.tar.gz`, `${archive}/jaeger`),
        fromGoModule(GO_MODULE, './cmd/jaeger', '5 minutes'),
      ],
      advice: [
        `Put the program \`jaeger\` of a Jaeger 2 release (${RELEASES}) on the PATH,`,
        'or name it: JAEGER_PATH=/path/to/jaeger',
      ],
    },
    options,
  );
}

async function isJaeger(path: string): Promise<boolean> {
  const version = await runCommand(path, ['version']);
  // Version 1 has no `components`, and another configuration.
  return version.ok && (await runCommand(path, ['components'])).ok;
}
