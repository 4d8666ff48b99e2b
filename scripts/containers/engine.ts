import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../stack/run-command.js';
import { dockerAt, type Docker } from './docker.js';

const PACKAGES = ['docker.io', 'docker-compose', 'iptables'];
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 500;

/** An engine, and the way to end it if it was started here. */
export interface Engine {
  readonly docker: Docker;
  /** It serves nothing but this repository: whatever is put there is in nobody's way. */
  readonly isOurs: boolean;
  stop(): Promise<void>;
}

/**
 * Finds a Docker engine, and where none answers starts one: for root alone, and with `TB_INSTALL_DOCKER=1`, on a Debian,
 * installs its packages before. Its images stay in a folder beside the temporary files, for the next time.
 *
 * @throws {Error} that says why there is none
 */
export async function findEngine(log: (line: string) => void): Promise<Engine> {
  const found = await dockerAt(process.env);
  if (found) return { docker: found, isOurs: false, stop: () => Promise.resolve() };
  if (process.getuid?.() !== 0) throw noEngine('only root can start one');
  const folder = join(tmpdir(), 'temporal-bridge-docker');
  const env = { ...process.env, DOCKER_HOST: `unix://${join(folder, 'docker.sock')}` };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await lstat(folder)).uid !== 0) throw noEngine(`${folder} is somebody else's`);
  const left = await dockerAt(env);
  if (left) return { docker: left, isOurs: true, stop: () => Promise.resolve() };
  await installPackages(log);
  const installed = await dockerAt(process.env); // Debian's packages start one where there is an init system
  if (installed) return { docker: installed, isOurs: true, stop: () => Promise.resolve() };
  return await startEngine(folder, env, log);
}

function noEngine(why: string): Error {
  return new Error(`no Docker engine answers (${why}): start Docker, or set DOCKER_HOST`);
}

async function installPackages(log: (line: string) => void): Promise<void> {
  const programs = ['dockerd', 'docker-compose', 'iptables'];
  const missing = await Promise.all(
    programs.map(async (program) => !(await runCommand(program, ['--version'])).ok),
  );
  if (!missing.includes(true)) return;
  if (process.env['TB_INSTALL_DOCKER'] !== '1')
    throw noEngine('TB_INSTALL_DOCKER=1 installs one where this is a Debian and you are root');
  if (!(await runCommand('apt-get', ['--version'])).ok) throw noEngine('and this is no Debian');
  log(`Installing ${PACKAGES.join(', ')} from Debian`);
  const limits = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: INSTALL_TIMEOUT_MS,
  };
  await runCommand('apt-get', ['-q', 'update'], limits);
  const args = ['-q', '-y', '--no-install-recommends', 'install', ...PACKAGES];
  const { ok, problem } = await runCommand('apt-get', args, limits);
  if (!ok) throw noEngine(`and Debian's cannot be installed: ${problem}`);
}

async function startEngine(
  folder: string,
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<Engine> {
  const logFile = join(folder, 'engine.log');
  const output = await open(logFile, 'w');
  const args = [
    `--data-root=${join(folder, 'data')}`,
    `--exec-root=${join(folder, 'exec')}`,
    `--pidfile=${join(folder, 'engine.pid')}`,
    `--host=${env['DOCKER_HOST']}`,
  ];
  const engine = spawn('dockerd', args, { env, stdio: ['ignore', output.fd, output.fd], detached: true });
  engine.unref();
  await output.close();
  const ended = once(engine, 'exit').then(
    () => true,
    () => true,
  );
  const stop = async (): Promise<void> => {
    engine.kill('SIGTERM');
    if ((await Promise.race([ended, sleep(STOP_TIMEOUT_MS)])) === true) return;
    engine.kill('SIGKILL');
  };
  for (const deadline = Date.now() + START_TIMEOUT_MS; ;) {
    const docker = await dockerAt(env);
    if (docker) {
      log(`Docker engine ${docker.version} started`);
      return { docker, isOurs: true, stop };
    }
    const isOver = await Promise.race([ended, sleep(LOOK_EVERY_MS, Date.now() > deadline)]);
    if (!isOver) continue;
    await stop();
    throw noEngine(`and one that was started here does not run: ${await lastLine(logFile)}`);
  }
}

async function lastLine(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim().split('\n').at(-1) ?? '';
}
