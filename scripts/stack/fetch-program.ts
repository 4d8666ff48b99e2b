import { chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import type { FetchProgram } from './find-program.js';
import { runCommand } from './run-command.js';

const DOWNLOAD_TIMEOUT_MS = 120_000;
const BUILD_TIMEOUT_MS = 20 * 60_000;
const PACKAGE_TIMEOUT_MS = 180_000;

/** System and processor as releases of Go programs name them, e.g. `linux-amd64`. */
export function releasePlatform(): string {
  return `${platform()}-${arch() === 'x64' ? 'amd64' : arch()}`;
}

/**
 * A released archive (`.tar.gz`).
 *
 * @param url where it is
 * @param program the program's path in the archive
 */
export function fromRelease(url: string, program: string): FetchProgram {
  return async ({ scratch, log }) => {
    log(`Downloading ${url}`);
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
      if (!response.ok) throw new Error(`HTTP status ${response.status}`);
      const archive = join(scratch, 'release.tar.gz');
      await writeFile(archive, new Uint8Array(await response.arrayBuffer()));
      const unpacked = await runCommand('tar', ['-xzf', archive, '-C', scratch]);
      if (!unpacked.ok) throw new Error(unpacked.problem);
      await chmod(join(scratch, program), 0o755);
      return join(scratch, program);
    } catch (error) {
      log(`The download failed: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
}

/**
 * A package of Debian or one that descends from it, taken apart instead of installed: needs no root. Where the machine's
 * lists of packages lack it (images are shipped without any), lists of our own are read.
 *
 * @param name the package
 * @param program the program's path in it
 */
export function fromDebian(name: string, program: string): FetchProgram {
  return async ({ scratch, env, log }) => {
    if (!(await runCommand('dpkg-deb', ['--version'], { env })).ok) return undefined;
    log(`Downloading Debian's package ${name}`);
    const apt = (...args: string[]): ReturnType<typeof runCommand> =>
      runCommand('apt-get', ['-q', ...args], { env, cwd: scratch, timeoutMs: PACKAGE_TIMEOUT_MS });
    const [lists, cache] = [join(scratch, 'lists'), join(scratch, 'cache')];
    await Promise.all([mkdir(lists), mkdir(cache)]);
    const own = ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${cache}`];
    let fetched = await apt('download', name);
    if (!fetched.ok && (await apt(...own, 'update')).ok) fetched = await apt(...own, 'download', name);
    const archive = (await readdir(scratch)).find((file) => file.endsWith('.deb'));
    if (archive === undefined) {
      log(`Debian's package cannot be had: ${fetched.problem}`);
      return undefined;
    }
    const unpacked = await runCommand('dpkg-deb', ['-x', join(scratch, archive), join(scratch, 'unpacked')]);
    if (!unpacked.ok) log(`Debian's package cannot be unpacked: ${unpacked.problem}`);
    return unpacked.ok ? join(scratch, 'unpacked', program) : undefined;
  };
}

/**
 * A build by Go.
 *
 * @param module the module with its version
 * @param folder the program's folder in it, e.g. `./cmd/jaeger`
 * @param duration how long it takes, for the log
 */
export function fromGoModule(module: string, folder: string, duration: string): FetchProgram {
  return async ({ scratch, env, log }) => {
    log(`Building ${folder} of ${module} by Go (about ${duration})`);
    const limits = { env, timeoutMs: BUILD_TIMEOUT_MS };
    const fetched = await runCommand('go', ['mod', 'download', '-json', module], limits);
    if (!fetched.ok) {
      log(`Go cannot fetch the module: ${fetched.problem}`);
      return undefined;
    }
    const { Dir } = JSON.parse(fetched.stdout) as { Dir: string };
    // `go install` refuses a module with replacements; in a copy of its own it is the main module, where they hold.
    const source = join(scratch, 'source');
    await cp(Dir, source, { recursive: true });
    await runCommand('chmod', ['-R', 'u+w', source]);
    const program = join(scratch, 'program');
    const built = await runCommand('go', ['build', '-C', source, '-o', program, folder], limits);
    if (!built.ok) log(`The build failed: ${built.problem}`);
    return built.ok ? program : undefined;
  };
}
