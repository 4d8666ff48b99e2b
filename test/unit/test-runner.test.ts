import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { countLeaves, summaryLine } from '../../scripts/test-runner/report.js';
import { runTestFile, type FileResult } from '../../scripts/test-runner/run-test-file.js';

describe('the test runner', () => {
  let folder: string;

  before(async () => (folder = await mkdtemp(join(tmpdir(), 'runner-test-'))));
  after(() => rm(folder, { recursive: true }));

  const run = async (body: string, exitGraceMs = 5_000, timeoutMs = 20_000): Promise<FileResult> => {
    const file = join(folder, `${Math.random()}.test.mjs`);
    await writeFile(file, `import { describe, it, test, before } from 'node:test';\n${body}`);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const signal = new AbortController().signal;
    return await runTestFile(file, { env, timeoutMs, exitGraceMs, signal, onLeaf: () => undefined });
  };
  const summary = (result: FileResult): string => summaryLine(countLeaves([result]));
  const failures = (result: FileResult): string[] =>
    result.leaves.filter((leaf) => leaf.outcome === 'failed').map((leaf) => `${leaf.name}: ${leaf.error}`);

  it('counts leaves only, and names them by their suites', async () => {
    const result = await run(`
      describe('outer', () => {
        describe('inner', () => { it('one', () => {}); it('two', () => { throw new Error('no'); }); });
        it.skip('three', () => {});
      });
      test('parent', async (t) => { await t.test('child', () => {}); });
      describe('empty', () => {});
    `);
    assert.equal(summary(result), '2 passed, 1 failed, 1 skipped');
    assert.deepEqual(
      result.leaves.map((leaf) => leaf.name),
      ['outer › inner › one', 'outer › inner › two', 'outer › three', 'parent › child'],
    );
    assert.match(failures(result)[0] ?? '', /Error: no/);
  });

  it('counts a suite whose hook fails', async () => {
    const result = await run(
      `describe('s', () => { before(() => { throw new Error('hook'); }); it('t', () => {}); });`,
    );
    assert.notEqual(countLeaves([result]).failed, 0);
    assert.equal(countLeaves([result]).passed, 0);
  });

  it('counts a file that crashes, and keeps its output', async () => {
    const result = await run(`console.log('said'); throw new Error('at load');`);
    assert.equal(countLeaves([result]).failed, 1);
    assert.match(result.output, /said/);
    assert.match(result.output + failures(result).join(), /at load/);
  });

  it('counts a file that ends in the middle of a test', async () => {
    const result = await run(`test('t', () => { process.exit(0); });`);
    assert.equal(summary(result), '0 passed, 1 failed');
  });

  it('kills and counts a file that runs on after its last test', async () => {
    const result = await run(`test('t', () => { setInterval(() => {}, 1000); });`, 500);
    assert.equal(summary(result), '1 passed, 1 failed');
    assert.match(failures(result)[0] ?? '', /leaked handle/);
  });

  it('kills a file that is through and hangs while Node ends it, and says so', async () => {
    const hang = `process.on('exit', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));`;
    const result = await run(`test('t', () => { ${hang} });`, 500);
    assert.equal(summary(result), '1 passed, 0 failed');
    assert.match(result.output, /^note: .* hung in Node's teardown and was killed$/m);
    const failed = await run(`test('t', () => { ${hang} throw new Error('no'); });`, 500);
    assert.equal(summary(failed), '0 passed, 1 failed');
  });

  it('kills and counts a file that overruns its time, with the processes it started', async () => {
    const result = await run(
      `import { spawn } from 'node:child_process';
      test('t', () => new Promise(() => { spawn('sleep', ['60'], { stdio: 'inherit' }); setInterval(() => {}, 9); }));`,
      500,
      1_500,
    );
    assert.equal(summary(result), '0 passed, 1 failed');
    assert.match(failures(result)[0] ?? '', /timed out after 1.5 s/);
    assert.ok(result.durationMs < 10_000);
  });
});
