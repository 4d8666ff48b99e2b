import type { Docker } from './docker.js';

/** How the compose projects of tests are named, before the id of the process that runs them. */
export const TEST_PROJECT = 'temporal-bridge-test-';

/**
 * Removes what tests have left that were killed before they could: containers, volumes and networks of compose projects
 * whose process is gone.
 */
export async function removeLeftovers({ docker }: Docker): Promise<void> {
  for (const [kind, remove] of [
    ['container', ['rm', '--force', '--volumes']],
    ['volume', ['rm', '--force']],
    ['network', ['rm']],
  ] as const) {
    const format = '{{.ID}} {{.Label "com.docker.compose.project"}}'.replace(
      '.ID',
      kind === 'volume' ? '.Name' : '.ID',
    );
    const all = kind === 'container' ? ['--all', '--no-trunc'] : [];
    const { stdout } = await docker([kind, 'ls', ...all, '--format', format]);
    const left = stdout.split('\n').flatMap((line) => {
      const [id = '', project = ''] = line.split(' ');
      return project.startsWith(TEST_PROJECT) && !isRunning(Number(project.slice(TEST_PROJECT.length)))
        ? [id]
        : [];
    });
    if (left.length > 0) await docker([kind, ...remove, ...left], { timeoutMs: 120_000 });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
