import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** This package's root as this file sees it: the source tree, or `dist`. */
export const packageRoot = new URL('../../', import.meta.url);

/** Path of a module of this package, as TypeScript source or as JavaScript, whichever this process runs. */
export function modulePath(name: string): string {
  const compiled = fileURLToPath(new URL(`${name}.js`, packageRoot));
  return existsSync(compiled) ? compiled : fileURLToPath(new URL(`${name}.ts`, packageRoot));
}
