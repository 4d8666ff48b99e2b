/**
 * The rule of the recorded histories: until version 1.0 is declared in CHANGELOG.md they are made anew as needed; from
 * then on they are only ever added, and the manifest holds the SHA-256 of each.
 */
import { createHash } from 'node:crypto';

/** SHA-256 by a fixture's name, `VERSION/FILE`. */
export type Manifest = Readonly<Record<string, string>>;

/** The hash of a fixture as the manifest holds it. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whether a changelog has a version 1.0 or later; one that is announced only does not count. */
export function keepsHistories(changelog: string): boolean {
  return /^## \[?v?[1-9]\d*\.\d+/m.test(changelog);
}

/** What is wrong with the fixtures (their texts by name) and their manifest; nothing before version 1.0. */
export function manifestProblems(
  changelog: string,
  manifest: Manifest | undefined,
  fixtures: ReadonlyMap<string, string>,
): string[] {
  if (!keepsHistories(changelog)) return [];
  if (!manifest) return ['manifest.json is missing'];
  const kept = Object.entries(manifest).flatMap(([name, hash]) => {
    const text = fixtures.get(name);
    if (text === undefined) return [`${name} is gone`];
    return hashOf(text) === hash ? [] : [`${name} has changed`];
  });
  const added = [...fixtures.keys()].filter((name) => !Object.hasOwn(manifest, name));
  return [...kept, ...added.map((name) => `${name} is not in manifest.json`)];
}
