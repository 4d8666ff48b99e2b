import { runCommand, type CommandResult, type RunCommandOptions } from '../stack/run-command.js';

const ANSWER_TIMEOUT_MS = 15_000;

/** A Docker engine that answers, and how it is spoken to. */
export interface Docker {
  /** The engine's version. */
  readonly version: string;
  /** The environment by which `docker` and compose reach it. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs `docker` with these arguments. */
  readonly docker: (args: readonly string[], options?: RunCommandOptions) => Promise<CommandResult>;
}

/** The engine that this environment leads to; `undefined` if there is no `docker` or none answers. */
export async function dockerAt(env: NodeJS.ProcessEnv): Promise<Docker | undefined> {
  const docker: Docker['docker'] = (args, options) => runCommand('docker', args, { env, ...options });
  const answer = await docker(['version', '--format', '{{.Server.Version}}'], {
    timeoutMs: ANSWER_TIMEOUT_MS,
  });
  return answer.ok ? { version: answer.stdout.trim(), env, docker } : undefined;
}

/**
 * How compose is called: `docker compose` (version 2), else `docker-compose` (version 1).
 *
 * @throws {Error} if there is neither
 */
export async function composeCommand(env: NodeJS.ProcessEnv): Promise<readonly [string, ...string[]]> {
  if ((await runCommand('docker', ['compose', 'version'], { env })).ok) return ['docker', 'compose'];
  if ((await runCommand('docker-compose', ['version'], { env })).ok) return ['docker-compose'];
  throw new Error('Docker has no compose: install its plugin (https://docs.docker.com/compose/install)');
}
