import { fromGoModule, fromRelease, releasePlatform } from './fetch-program.js';
import { findProgram, type FindProgramOptions } from './find-program.js';
import { runCommand } from './run-command.js';

/** The release that is fetched where there is no kustomize. `kubectl kustomize` is the same program, in kubectl's choice of release. */
export const KUSTOMIZE_VERSION = '5.7.1';

const RELEASES = 'https://github.com/kubernetes-sigs/kustomize/releases';

/**
 * Finds kustomize, which builds the manifests for Kubernetes, and fetches it if the machine has none. In this order: the
 * file named by `KUSTOMIZE_PATH`; `kustomize` on the `PATH`; Go's folder of programs; the cache folder; the released
 * program from GitHub; a build by Go.
 *
 * @returns the path of the program
 * @throws {Error} that says how to get one, if every step failed
 */
export async function findKustomize(options: FindProgramOptions): Promise<string> {
  return await findProgram(
    {
      name: 'kustomize',
      what: 'kustomize 5',
      variable: 'KUSTOMIZE_PATH',
      isUsable: isKustomize5,
      ways: [
        fromRelease(releaseUrl(), 'kustomize'),
        fromGoModule(`sigs.k8s.io/kustomize/kustomize/v5@v${KUSTOMIZE_VERSION}`, '.', '1 minute'),
      ],
      advice: [
        `Put the program \`kustomize\` of a release (${RELEASES}) on the PATH (macOS: brew install kustomize), or install Go,`,
        'by which it is built; or name it: KUSTOMIZE_PATH=/path/to/kustomize',
      ],
    },
    options,
  );
}

/** Releases name the system with underscores. */
function releaseUrl(): string {
  const archive = `kustomize_v${KUSTOMIZE_VERSION}_${releasePlatform().replace('-', '_')}.tar.gz`;
  return `${RELEASES}/download/kustomize%2Fv${KUSTOMIZE_VERSION}/${archive}`;
}

async function isKustomize5(path: string): Promise<boolean> {
  const { ok, stdout } = await runCommand(path, ['version']);
  // One that Go built from a copy of the module knows no number.
  return ok && /^(?:v5\.|\(devel\)$)/m.test(stdout);
}
