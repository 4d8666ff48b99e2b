import { readFile, readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { repoRoot } from '../stack/paths.js';

/** A set of test folders. */
export type Suite = 'default' | 'all' | 'compose' | 'ci';

const DEFAULT_FOLDERS: readonly string[] = [
  'unit',
  'alerts',
  'deploy',
  'types',
  'sandbox',
  'histories',
  'e2e',
  'trust',
  'moving-over',
  'guide',
  'package',
];
const ALL_FOLDERS = [...DEFAULT_FOLDERS, 'slow', 'upgrade'];
const FOLDERS: Readonly<Record<Suite, readonly string[]>> = {
  default: DEFAULT_FOLDERS,
  all: ALL_FOLDERS,
  compose: ['compose'],
  ci: [...ALL_FOLDERS, 'compose'],
};

/** The folders whose tests use the two shared servers. */
const SERVER_FOLDERS = ['e2e', 'trust', 'moving-over', 'guide', 'package', 'slow', 'upgrade'];
/** The folders whose tests use the workflow bundles. */
const BUNDLE_FOLDERS = [...SERVER_FOLDERS, 'sandbox', 'histories'];

/** Whether a text names a suite. */
export function isSuite(text: string): text is Suite {
  return Object.hasOwn(FOLDERS, text);
}

/**
 * Lists the test files of a suite, as paths from the repository's root, in the order of the suite's folders.
 *
 * @param filters only the files whose path contains one of these; none: all files
 */
export async function listTestFiles(suite: Suite, filters: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of FOLDERS[suite]) {
    const names = await readdir(join(repoRoot, 'test', folder), { recursive: true }).catch(() => []);
    const tests = names.filter((name) => name.endsWith('.test.ts')).sort();
    files.push(...tests.map((name) => `test/${folder}/${name.split(sep).join('/')}`));
  }
  if (filters.length === 0) return files;
  return files.filter((file) => filters.some((filter) => file.includes(filter)));
}

/** Whether any of the files uses the shared servers. */
export function needsServers(files: readonly string[]): boolean {
  return files.some((file) => SERVER_FOLDERS.some((folder) => file.startsWith(`test/${folder}/`)));
}

/** Whether any of the files uses the workflow bundles. */
export function needsBundles(files: readonly string[]): boolean {
  return files.some((file) => BUNDLE_FOLDERS.some((folder) => file.startsWith(`test/${folder}/`)));
}

/** Whether any of the files uses the build: runs the bridge as a process of its own, or packs the package. */
export async function needsBuild(files: readonly string[]): Promise<boolean> {
  return someImport(
    files,
    /(?:support\/(?:bridge-process|outage-stage|outage-run)|\.\/(?:strangers-folder|replacement))\.js/,
  );
}

/** Whether any of the files starts a Jaeger. */
export async function needsJaeger(files: readonly string[]): Promise<boolean> {
  return someImport(files, /(?:support\/traced-stage|stack\/jaeger)\.js/);
}

/** Whether any of the files runs promtool. */
export async function needsPromtool(files: readonly string[]): Promise<boolean> {
  return someImport(files, /\.\/promtool\.js/);
}

/** Whether any of the files builds the manifests for Kubernetes. */
export async function needsKustomize(files: readonly string[]): Promise<boolean> {
  return someImport(files, /\.\/kustomize\.js/);
}

/** The files that need a Docker engine. */
export async function needingDocker(files: readonly string[]): Promise<string[]> {
  const needs = await Promise.all(files.map((file) => someImport([file], /\.\/compose-stack\.js/)));
  return files.filter((_, index) => needs[index]);
}

async function someImport(files: readonly string[], modules: RegExp): Promise<boolean> {
  const texts = await Promise.all(files.map((file) => readFile(join(repoRoot, file), 'utf8')));
  return texts.some((text) => modules.test(text));
}
