import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repoRoot } from '../stack/paths.js';
import { runCommand } from '../stack/run-command.js';
import { composeCommand } from './docker.js';
import type { Engine } from './engine.js';
import { haveImage } from './stand-ins.js';

interface ComposeConfig {
  readonly services: Readonly<
    Record<
      string,
      { readonly image?: string; readonly build?: unknown; readonly profiles?: readonly string[] }
    >
  >;
}

/** The settings of docker-compose.yml, with this environment's variables put in. */
async function composeConfig(env: NodeJS.ProcessEnv): Promise<ComposeConfig> {
  const [command, ...first] = await composeCommand(env);
  const { ok, stdout, problem } = await runCommand(command, [...first, 'config'], { env, cwd: repoRoot });
  if (!ok) throw new Error(`docker-compose.yml: ${problem}`);
  return parse(stdout) as ComposeConfig;
}

/** The images that docker-compose.yml, without its profiles, and the Dockerfile take from elsewhere. */
async function imagesNamed(env: NodeJS.ProcessEnv): Promise<string[]> {
  const { services } = await composeConfig(env);
  const all = Object.values(services);
  const built = new Set(all.filter(({ build }) => build !== undefined).map(({ image }) => image));
  const used = all.flatMap(({ image, profiles }) =>
    image !== undefined && profiles === undefined && !built.has(image) ? [image] : [],
  );
  const dockerfile = await readFile(join(repoRoot, 'Dockerfile'), 'utf8');
  const bases = [...dockerfile.matchAll(/^ARG \w+_IMAGE=(\S+)$/gm)].map(([, image = '']) => image);
  return [...new Set([...bases, ...used])];
}

/**
 * Makes sure that all images that are not built from this repository are there.
 *
 * @returns those that are stand-ins
 */
export async function haveImages(engine: Engine, log: (line: string) => void): Promise<string[]> {
  const standIns: string[] = [];
  for (const image of await imagesNamed(engine.docker.env))
    if (await haveImage(engine, image, log)) standIns.push(image);
  return standIns;
}
