import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const repoRoot: string = fileURLToPath(new URL('../../', import.meta.url));

/** The folder of files that can be made again at any time; it is not under version control. */
export const cacheDir: string = join(repoRoot, '.cache');
