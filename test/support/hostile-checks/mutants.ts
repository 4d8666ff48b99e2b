/** The shipped sources with one check taken out: transpiled once, linked for each mutant, one file made anew. */
import { linkSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { cacheDir, repoRoot } from '../../../scripts/stack/paths.js';

/** One change of a source: the text, which stands there once, and what it is replaced with. */
export interface Change {
  /** Path of the source from the repository's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Loads a module of the sources, by its path from the repository's root. */
export type Load = (path: string) => Promise<Readonly<Record<string, unknown>>>;

const FOLDERS = ['src', 'workflows-a', 'workflows-b'];
const root = join(cacheDir, `hostile-checks-${process.pid}`);

function sources(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(repoRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
}

function transpiled(text: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}

const asJs = (file: string): string => file.replace(/\.ts$/, '.js');
const read = (file: string): string => readFileSync(join(repoRoot, file), 'utf8');

/** Mutants of the sources, in a folder that is removed at the end. */
export class Mutants {
  readonly #files = sources();
  #made = 0;

  constructor() {
    for (const file of this.#files) this.#write('as-it-is', file, transpiled(read(file)));
  }

  #write(folder: string, file: string, text: string): void {
    const path = join(root, folder, asJs(file));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** The sources as they are. */
  readonly original: Load = (path) => load('as-it-is', path);

  /** The sources with one change. */
  mutant({ file, find, replace }: Change): Load {
    const text = read(file);
    if (text.split(find).length !== 2) throw new Error(`not once in ${file}: ${find}`);
    const folder = String((this.#made += 1));
    for (const one of this.#files) {
      if (one === file) continue;
      const path = join(root, folder, asJs(one));
      mkdirSync(dirname(path), { recursive: true });
      linkSync(join(root, 'as-it-is', asJs(one)), path);
    }
    this.#write(folder, file, transpiled(text.replace(find, () => replace)));
    return (path) => load(folder, path);
  }

  remove(): void {
    rmSync(root, { recursive: true, force: true });
  }
}

async function load(folder: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(pathToFileURL(join(root, folder, asJs(path))).href)) as Record<string, unknown>;
}
