/** Looks into a package as it was installed. */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join, normalize, relative, sep } from 'node:path';

/** All files below a folder, as paths with slashes; what npm has installed below them is left out. */
export async function listFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)).split(sep).join('/'))
    .filter((file) => !file.startsWith('node_modules/'))
    .sort();
}

/** Sources that a source map names and that are not in the package: a debugger would show nothing. */
export async function missingSources(root: string, files: readonly string[]): Promise<string[]> {
  const has = new Set(files);
  const missing: string[] = [];
  for (const file of files.filter((one) => one.endsWith('.map'))) {
    const { sources } = JSON.parse(await readFile(join(root, file), 'utf8')) as { sources: string[] };
    for (const source of sources) {
      const path = normalize(join(dirname(file), source))
        .split(sep)
        .join('/');
      if (!has.has(path)) missing.push(`${file}: ${path}`);
    }
  }
  return missing;
}

/** Links between documents that lead nowhere in the package. */
export async function brokenLinks(root: string, files: readonly string[]): Promise<string[]> {
  const broken: string[] = [];
  for (const file of files.filter((one) => one.endsWith('.md'))) {
    const text = await readFile(join(root, file), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)\s#]+)[^)]*\)/g))
      if (!existsSync(join(root, dirname(file), target))) broken.push(`${file}: ${target}`);
  }
  return broken;
}
