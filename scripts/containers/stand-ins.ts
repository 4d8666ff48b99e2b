/**
 * Images under public names where no registry of images can be reached: the same programs, of packages and builds that can
 * be had, with the same entry points, on a minimal Debian. For root on a Debian alone.
 */
import { chmod, copyFile, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromDebian } from '../stack/fetch-program.js';
import { findJaeger } from '../stack/find-jaeger.js';
import { findProgram } from '../stack/find-program.js';
import { runCommand } from '../stack/run-command.js';
import { builtTemporalCli } from '../stack/temporal-cli.js';
import type { Docker } from './docker.js';
import type { Engine } from './engine.js';

const BASE = 'temporal-bridge-stand-in:base';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const STEP_TIMEOUT_MS = 10 * 60_000;

/** Puts an image's files into an empty folder, and gives the lines of its Dockerfile after `FROM`. */
type MakeImage = (context: string, tag: string, log: (line: string) => void) => Promise<readonly string[]>;

const MAKERS: Readonly<Record<string, MakeImage>> = {
  node: async (context) => {
    await copyFile(process.execPath, join(context, 'node'));
    const packages = (await run('npm', ['root', '--global'])).trim();
    await cp(join(packages, 'npm'), join(context, 'npm'), { recursive: true });
    return [
      'COPY node /usr/local/bin/',
      'COPY npm /usr/local/lib/node_modules/npm',
      'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && groupadd -g 1000 node && useradd -u 1000 -g node -m node',
      'CMD ["node"]',
    ];
  },
  // Where the program is, and whose, has changed between releases.
  'temporalio/temporal': async (context, tag, log) => {
    await copyFile(await builtTemporalCli(`v${tag}`, log), join(context, 'temporal'));
    return tag === '1.3.0'
      ? ['COPY temporal /app/temporal', 'ENTRYPOINT ["/app/temporal"]']
      : ['COPY temporal /temporal', 'USER 1000:1000', 'ENTRYPOINT ["/temporal"]'];
  },
  'jaegertracing/jaeger': async (context, _, log) => {
    await copyFile(await findJaeger({ log }), join(context, 'jaeger'));
    return ['COPY jaeger /cmd/jaeger/jaeger-linux', 'USER 10001', 'ENTRYPOINT ["/cmd/jaeger/jaeger-linux"]'];
  },
  'prom/prometheus': async (context, _, log) => {
    await copyFile(await findPrometheus(log), join(context, 'prometheus'));
    return [
      'COPY prometheus /bin/prometheus',
      'RUN mkdir /prometheus && chown 65534:65534 /prometheus',
      'USER 65534',
      'ENTRYPOINT ["/bin/prometheus"]',
      'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]',
    ];
  },
};

/**
 * Makes sure that an image is there: one that the engine has, or can pull, or else a stand-in of the same name. Stand-ins
 * are made in an engine of our own alone, or with `TB_STAND_INS=1`: elsewhere other projects would take them for the real
 * ones.
 *
 * @returns whether it is a stand-in
 * @throws {Error} if it cannot be had in any way
 */
export async function haveImage(
  { docker: { docker, env }, isOurs }: Engine,
  name: string,
  log: (line: string) => void,
): Promise<boolean> {
  const label = '{{ index .Config.Labels "temporal-bridge.stand-in" }}';
  const inspected = await docker(['image', 'inspect', '--format', label, name]);
  if (inspected.ok) return inspected.stdout.trim() === 'true';
  const pulled = await docker(['pull', '--quiet', name], { timeoutMs: STEP_TIMEOUT_MS });
  if (pulled.ok) return false;
  if (!isOurs && process.env['TB_STAND_INS'] !== '1')
    throw new Error(
      `${name} cannot be pulled: ${pulled.problem}; TB_STAND_INS=1 builds a stand-in of that name`,
    );
  log(`${name} cannot be pulled (${pulled.problem}): building a stand-in`);
  const [repository = '', tag = ''] = name.split(':');
  const maker = MAKERS[repository];
  if (!maker) throw new Error(`${name} cannot be pulled, and there is no stand-in for it`);
  await haveBase({ docker, env }, log);
  await inScratch(async (context) => {
    const lines = await maker(context, tag, log);
    const dockerfile = [`FROM ${BASE}`, ...lines, 'LABEL temporal-bridge.stand-in=true', ''];
    await writeFile(join(context, 'Dockerfile'), dockerfile.join('\n'));
    await run('docker', ['build', '--quiet', '--tag', name, context], env);
  });
  return true;
}

/** A minimal Debian that trusts whom this machine trusts. */
async function haveBase(
  { docker, env }: Pick<Docker, 'docker' | 'env'>,
  log: (line: string) => void,
): Promise<void> {
  if ((await docker(['image', 'inspect', BASE])).ok) return;
  log('Making a minimal Debian for the stand-ins');
  if (!(await runCommand('debootstrap', ['--version'])).ok) {
    const apt = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['-q', '-y', '--no-install-recommends', 'install', 'debootstrap'], apt);
  }
  await inScratch(async (folder) => {
    const root = join(folder, 'root');
    const packages = '--include=ca-certificates,libstdc++6,busybox';
    await run('debootstrap', ['--variant=minbase', packages, 'bookworm', root]);
    await copyFile(CERTIFICATES, join(root, CERTIFICATES));
    await symlink('busybox', join(root, 'usr/bin/wget'));
    const archive = join(folder, 'root.tar');
    await run('tar', ['-C', root, '-cf', archive, '.']);
    const settings = [
      `ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES}`,
      'ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
    ];
    await run('docker', ['import', ...settings.flatMap((line) => ['--change', line]), archive, BASE], env);
  });
}

async function findPrometheus(log: (line: string) => void): Promise<string> {
  return await findProgram(
    {
      name: 'prometheus',
      what: 'Prometheus',
      variable: 'PROMETHEUS_PATH',
      isUsable: async (path) => (await runCommand(path, ['--version'])).ok,
      ways: [fromDebian('prometheus', 'usr/bin/prometheus')],
      advice: ['Debian: apt-get install prometheus'],
    },
    { log },
  );
}

async function inScratch(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-bridge-image-'));
  try {
    await chmod(folder, 0o755);
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(command: string, args: readonly string[], env = process.env): Promise<string> {
  const { ok, stdout, problem } = await runCommand(command, args, { env, timeoutMs: STEP_TIMEOUT_MS });
  if (!ok) throw new Error(`${command} ${args[0] ?? ''}: ${problem}`);
  return stdout;
}
