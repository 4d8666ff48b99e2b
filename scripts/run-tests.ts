/**
 * Runs the tests: `run-tests.ts [--suite default|all|compose|ci] [FILTER…]`, where a filter is a part of a test file's path.
 * `ci` is `all` and `compose`; where there is no Docker engine and none can be started, it says so and leaves `compose` out.
 *
 * Each file runs in a process of its own, two at a time, beside two dev servers (A and B) that all files share.
 * The last line says how many tests passed and failed; the exit code is 0 only if some passed and none failed.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findEngine, type Engine } from './containers/engine.js';
import { haveImages } from './containers/images.js';
import { removeLeftovers } from './containers/leftovers.js';
import { startDevServer, type DevServer } from './stack/dev-server.js';
import { findJaeger } from './stack/find-jaeger.js';
import { findKustomize } from './stack/find-kustomize.js';
import { findPromtool } from './stack/find-promtool.js';
import { cacheDir, repoRoot } from './stack/paths.js';
import { runCommand } from './stack/run-command.js';
import { findTemporalCli } from './stack/temporal-cli.js';
import { closingReport, countLeaves, leafLine, summaryLine } from './test-runner/report.js';
import { runTestFile, type FileResult } from './test-runner/run-test-file.js';
import {
  isSuite,
  listTestFiles,
  needsBuild,
  needsBundles,
  needsJaeger,
  needsKustomize,
  needsPromtool,
  needsServers,
  needingDocker,
} from './test-runner/test-files.js';

const CONCURRENCY = 2;
const FILE_TIMEOUT_MS = 10 * 60_000;
/** Images are built in it, too. */
const CONTAINER_FILE_TIMEOUT_MS = 25 * 60_000;
/** A worker that was given up at a server that is gone ends with its last long poll, after 70 s at most. */
const EXIT_GRACE_MS = 90_000;

/** A folder of this run's own, so that runs at the same time and older sources do not mix. */
const bundlesDir = join(cacheDir, 'test-bundles', String(process.pid));

const log = (line: string): void => console.log(line);
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort(name));

const { values, positionals } = parseArgs({
  options: { suite: { type: 'string', default: 'default' } },
  allowPositionals: true,
});
if (!isSuite(values.suite)) throw new Error(`--suite ${values.suite}: expected default, all, compose or ci`);

const servers: DevServer[] = [];
let engine: Engine | undefined;
let notRun = '';
const results: FileResult[] = [];
let problem = '';
try {
  // A file named in full is run whichever suite it belongs to.
  const suite = positionals.length > 0 && values.suite === 'default' ? 'all' : values.suite;
  const listed = await listTestFiles(suite, positionals);
  if (listed.length === 0) throw new Error('no test file matches');
  const inContainers = await needingDocker(listed);
  const files = listed.filter((file) => !inContainers.includes(file));
  const env = { ...process.env, ...(await prepare(files)) };
  await runAll(files, env, { concurrency: CONCURRENCY, timeoutMs: FILE_TIMEOUT_MS });
  if (inContainers.length > 0 && !interrupted.signal.aborted) await runInContainers(inContainers, env);
} catch (error) {
  problem = error instanceof Error ? error.message : String(error);
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  await engine?.stop();
  await rm(bundlesDir, { recursive: true, force: true });
}

const counts = countLeaves(results);
if (results.length > 0) console.log(`\n${closingReport(results)}`);
if (interrupted.signal.aborted) problem = `interrupted by ${String(interrupted.signal.reason)}`;
if (problem !== '') console.log(`\nThe tests could not be run to the end: ${problem}`);
if (notRun !== '') console.log(`\nNOT RUN: ${notRun}`);
const failed = counts.failed + (problem === '' ? 0 : 1);
console.log(`\n${summaryLine({ ...counts, failed })}`);
process.exit(failed > 0 || counts.passed === 0 ? 1 : 0);

/** Starts and builds what the files need, and gives the environment by which they find it. */
async function prepare(files: readonly string[]): Promise<NodeJS.ProcessEnv> {
  const env: NodeJS.ProcessEnv = {};
  if (needsBundles(files)) {
    env['TB_TEST_BUNDLES'] = bundlesDir;
    await buildTestBundles(env['TB_TEST_BUNDLES']);
  }
  if (await needsBuild(files)) await build();
  // Once for all files, since it may have to be fetched; without one, its tests say so.
  if (await needsJaeger(files))
    env['JAEGER_PATH'] = await findJaeger({ log }).catch(() => process.env['JAEGER_PATH']);
  if (await needsPromtool(files))
    env['PROMTOOL_PATH'] = await findPromtool({ log }).catch(() => process.env['PROMTOOL_PATH']);
  if (await needsKustomize(files))
    env['KUSTOMIZE_PATH'] = await findKustomize({ log }).catch(() => process.env['KUSTOMIZE_PATH']);
  if (needsServers(files)) {
    const cli = await findTemporalCli({ log });
    env['TB_TEST_CLI'] = cli;
    const started = await Promise.allSettled(['A', 'B'].map((name) => startDevServer({ name, cli })));
    for (const result of started) if (result.status === 'fulfilled') servers.push(result.value);
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    for (const server of servers) {
      env[`TB_TEST_${server.name}_ADDRESS`] = server.address;
      env[`TB_TEST_${server.name}_METRICS`] = server.metricsUrl;
      server.onExit(() => console.log(`The shared dev server ${server.name} ended unexpectedly`));
    }
  }
  return env;
}

/** The bundler is loaded only when it is used: it takes a second. */
async function buildTestBundles(outDir: string): Promise<void> {
  const begun = performance.now();
  const { buildBundles } = await import('./build-bundles.js');
  await buildBundles(outDir);
  log(`Workflow bundles built in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

/** Compiles to dist/, for the tests that run the bridge as its users do. Quick if nothing has changed. */
async function build(): Promise<void> {
  const begun = performance.now();
  const tsc = join(repoRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const { ok, stdout, problem } = await runCommand(
    process.execPath,
    [tsc, '-b', join(repoRoot, 'tsconfig.host.json')],
    { timeoutMs: 5 * 60_000 },
  );
  if (!ok) throw new Error(`the build failed: ${stdout.trim() || problem}`);
  const { buildBundles } = await import('./build-bundles.js');
  await buildBundles(join(repoRoot, 'dist', 'bundles'));
  log(`Built in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

/** Runs what needs a Docker engine, a file at a time. */
async function runInContainers(files: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    engine = await findEngine(log);
  } catch (error) {
    if (values.suite !== 'ci') throw error;
    notRun = `${files.join(', ')}: ${error instanceof Error ? error.message : String(error)}`;
    return;
  }
  const { docker } = engine;
  await removeLeftovers(docker);
  const standIns = await haveImages(engine, log);
  if (standIns.length > 0) log(`Stand-ins for images that cannot be pulled: ${standIns.join(', ')}`);
  try {
    const limits = { concurrency: 1, timeoutMs: CONTAINER_FILE_TIMEOUT_MS };
    await runAll(files, { ...env, DOCKER_HOST: docker.env['DOCKER_HOST'] }, limits);
  } finally {
    await removeLeftovers(docker);
  }
}

async function runAll(
  files: readonly string[],
  env: NodeJS.ProcessEnv,
  { concurrency, timeoutMs }: { readonly concurrency: number; readonly timeoutMs: number },
): Promise<void> {
  const queue = [...files];
  const runQueue = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      if (interrupted.signal.aborted) return;
      const name = file;
      const onLeaf: Parameters<typeof runTestFile>[1]['onLeaf'] = (leaf) => log(leafLine(name, leaf));
      const limits = { timeoutMs, exitGraceMs: EXIT_GRACE_MS };
      results.push(await runTestFile(name, { env, ...limits, onLeaf, signal: interrupted.signal }));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, runQueue));
}
