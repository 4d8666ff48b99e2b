/** The stack of docker-compose.yml, under a name and at ports of its own. */
import { composeCommand } from '../../scripts/containers/docker.js';
import { repoRoot } from '../../scripts/stack/paths.js';
import { pickFreePort } from '../../scripts/stack/ports.js';
import { runCommand } from '../../scripts/stack/run-command.js';

const COMMAND_TIMEOUT_MS = 8 * 60_000;

/** A port of this machine for each that docker-compose.yml publishes. */
export interface ComposePorts {
  readonly DEMO_A_PORT: number;
  readonly DEMO_A_UI_PORT: number;
  readonly DEMO_B_PORT: number;
  readonly DEMO_B_UI_PORT: number;
  readonly JAEGER_PORT: number;
  readonly PROMETHEUS_PORT: number;
}

/** What Docker says of a container. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  /** Empty where the image and the service have no health check. */
  readonly health: string;
  readonly exitCode: number;
}

/** The stack. */
export interface ComposeStack {
  readonly ports: ComposePorts;
  /** Runs compose with these arguments, and gives what it printed. @throws {Error} if it fails */
  compose(...args: string[]): Promise<string>;
  /** Runs docker with these arguments, and gives what it printed. @throws {Error} if it fails */
  docker(...args: string[]): Promise<string>;
  /** The containers of a service, also those that have ended. */
  containers(service: string): Promise<Container[]>;
}

/** Prepares the stack; nothing is started yet. */
export async function composeStack(project: string): Promise<ComposeStack> {
  const names = [
    'DEMO_A_PORT',
    'DEMO_A_UI_PORT',
    'DEMO_B_PORT',
    'DEMO_B_UI_PORT',
    'JAEGER_PORT',
    'PROMETHEUS_PORT',
  ] as const;
  const picked = await Promise.all(names.map(async (name) => [name, await pickFreePort()] as const));
  const ports = Object.fromEntries(picked) as unknown as ComposePorts;
  const env = {
    ...process.env,
    ...Object.fromEntries(picked.map(([name, port]) => [name, `${port}`])),
    COMPOSE_PROJECT_NAME: project,
    IMAGE_VERSION: 'test',
  };
  const [command, ...first] = await composeCommand(env);
  const run = async (program: string, args: readonly string[]): Promise<string> => {
    const { ok, stdout, stderr } = await runCommand(program, args, {
      env,
      cwd: repoRoot,
      timeoutMs: COMMAND_TIMEOUT_MS,
    });
    if (!ok)
      throw new Error(
        `${program} ${args.join(' ')} failed:\n${stdout.slice(-4_000)}\n${stderr.slice(-4_000)}`,
      );
    return stdout;
  };
  const docker = (...args: string[]): Promise<string> => run('docker', args);
  return {
    ports,
    compose: (...args) => run(command, [...first, ...args]),
    docker,
    containers: async (service) => {
      const labels = [
        `label=com.docker.compose.project=${project}`,
        `label=com.docker.compose.service=${service}`,
      ];
      const ids = await docker(
        'ps',
        '--all',
        '--quiet',
        '--no-trunc',
        ...labels.flatMap((label) => ['--filter', label]),
      );
      const found = ids.split('\n').filter((id) => id !== '');
      if (found.length === 0) return [];
      const states = JSON.parse(await docker('inspect', ...found)) as readonly {
        readonly Id: string;
        readonly Name: string;
        readonly State: {
          readonly Status: string;
          readonly ExitCode: number;
          readonly Health?: { readonly Status: string };
        };
      }[];
      return states.map(({ Id, Name, State }) => ({
        id: Id,
        name: Name.slice(1),
        status: State.Status,
        health: State.Health?.Status ?? '',
        exitCode: State.ExitCode,
      }));
    },
  };
}
