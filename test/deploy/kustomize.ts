import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { findKustomize } from '../../scripts/stack/find-kustomize.js';
import { repoRoot } from '../../scripts/stack/paths.js';
import { runCommand } from '../../scripts/stack/run-command.js';

/** The folder of the manifests. */
export const MANIFESTS: string = join(repoRoot, 'deploy', 'kubernetes');
/** The overlays, each a way to run the bridge. */
export const OVERLAYS: readonly string[] = readdirSync(join(MANIFESTS, 'overlays')).sort();

/** One resource of a build. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

let program: Promise<string> | undefined;
const builds = new Map<string, Promise<readonly Resource[]>>();

/**
 * What `kustomize build` makes of a folder; the test runner names one kustomize to all files.
 *
 * @throws {Error} with what kustomize says, or that says how to get one
 */
export function build(folder: string): Promise<readonly Resource[]> {
  const made = builds.get(folder) ?? run(folder);
  builds.set(folder, made);
  return made;
}

/** What an overlay makes. */
export function buildOverlay(name: string): Promise<readonly Resource[]> {
  return build(join(MANIFESTS, 'overlays', name));
}

async function run(folder: string): Promise<readonly Resource[]> {
  program ??= findKustomize({ log: (line) => console.log(line) });
  const { ok, stdout, stderr, problem } = await runCommand(await program, ['build', folder]);
  if (!ok) throw new Error(`kustomize build ${folder}: ${stderr || problem}`);
  return parseAllDocuments(stdout).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as Resource;
  });
}

/** The one resource of a kind. */
export function only<T extends Resource>(resources: readonly Resource[], kind: string): T {
  const found = resources.filter((one) => one.kind === kind);
  const [first] = found;
  if (!first || found.length > 1) throw new Error(`${found.length} of kind ${kind}`);
  return first as T;
}
