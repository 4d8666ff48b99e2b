/** docs/operations.md has an action for each alert, the figures of the other documents, and tests for what it says. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createProgram } from '../../src/cli/program.js';
import { repoRoot } from '../../scripts/stack/paths.js';
import { RULES } from '../alerts/deployed-files.js';
import { surroundings } from '../support/cli-surroundings.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';

const document = readDocument('docs/operations.md');
const deploy = readDocument('docs/deploy.md');
const results = readDocument('docs/performance-results.md');

/** What a pattern finds in a document. */
function found(text: string, pattern: RegExp): string[] {
  const match = pattern.exec(text);
  assert.ok(match, `nothing like ${pattern}`);
  return match.slice(1).map(String);
}

describe('docs/operations.md', () => {
  it('is linked from the README', () => {
    assert.ok(readDocument('README.md').includes('[docs/operations.md](docs/operations.md)'));
  });

  it('links each alert, in their order, to its section, with a command to begin with', () => {
    const { rows } = readTable(document, '## Alerts');
    assert.deepEqual(
      rows.map(([alert]) => alert),
      RULES.map(
        ({ alert, annotations }) => `[${alert}](${annotations['runbook_url']?.slice('docs/'.length)})`,
      ),
    );
    const { commands } = createProgram(surroundings().io).command;
    for (const [alert, , first] of rows) {
      const [program, name, ...rest] = (codeOf(first) ?? '').split(' ');
      if (program === 'kubectl') continue;
      assert.equal(program, 'temporal-bridge', alert);
      let command = commands.find((one) => one.name() === name);
      for (const word of rest) {
        if (word.startsWith('--'))
          assert.ok(
            command?.options.some(({ long }) => long === word),
            `${alert}: ${word}`,
          );
        else command = command?.commands.find((one) => one.name() === word);
      }
      assert.ok(command, `${alert}: no such command`);
    }
  });

  it('has what an operator does for each alert where it links to', () => {
    const alerts = readDocument('docs/alerts.md');
    for (const { alert } of RULES) {
      const section = alerts.split(`### ${alert}\n`)[1]?.split(/^##/m)[0] ?? '';
      assert.match(section, /^\*\*Do:\*\* \S/m, alert);
    }
  });

  it('has the capacity that deploy.md plans with', () => {
    const [planned = ''] = found(deploy, /carries \*\*(\d+) calls a second\*\*/);
    assert.ok(
      document.includes(
        `| **${planned}**, with the requested CPU of ${found(deploy, /request of (\d+m) carries/)[0]}`,
      ),
    );
    const cpu = found(deploy, /1,000 calls took ([\d.]+) s \(library\) to ([\d.]+) s/);
    assert.ok(
      document.includes(`| ${cpu[0]} s (library) to ${cpu[1]} s (\`CrossClusterWorkflow\`) `),
      cpu.join(),
    );
    const [empty, most] = found(deploy, /took ([\d.]+ MiB) before any call and at most ([\d.]+ MiB)/);
    assert.ok(document.includes(`| ${empty}, ${most} with`), `${empty}, ${most}`);
  });

  it('has the waiting calls that were measured', () => {
    const [calls] = found(results, /^## (\d+) waiting calls$/m);
    assert.ok(document.includes(`**${calls}** were watched on one process`));
    assert.match(results, /\*\*met\*\*: 0 worker slots held/);
    assert.match(results, /\*\*met\*\*: 0 requests before the first fallback interval/);
    const { rows } = readTable(results, '### One release');
    const [[, half, , last] = []] = rows;
    assert.ok(document.includes(`| after ${half}, after ${last} `), `${half}, ${last}`);
  });

  it('has the times of a drain as the manifests have them', () => {
    const [grace, given] = found(
      deploy,
      /`BRIDGE_SHUTDOWN_GRACE` \((\d+ s)\)[^]*?`terminationGracePeriodSeconds` is (\d+)/,
    );
    assert.ok(document.includes(`with ${grace} and ${given} s it is`));
  });

  it('names tests that exist, for each disaster but those that were not played', () => {
    const paths = [...document.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path);
    for (const path of paths) assert.ok(existsSync(join(repoRoot, path)), path);
    for (const [disaster, , , test] of readTable(document, '## Disasters').rows)
      assert.match(test ?? '', /^`test\/|^not played/, disaster);
  });

  it('names settings and failures that there are', () => {
    const configuration = readDocument('docs/configuration.md');
    for (const [, name = ''] of document.matchAll(/`(BRIDGE_[A-Z_]+)`/g))
      assert.ok(configuration.includes(`| \`${name}\``), name);
    const failures = readDocument('docs/protocol.md');
    for (const name of ['OUTCOME_LOST', 'CALL_EXPIRED']) {
      assert.ok(document.includes(`\`${name}\``));
      assert.ok(failures.includes(`| \`${name}\``));
    }
  });

  it('quotes the log line of a key that is missing', () => {
    const [line] = found(document, /logs `(Call waits:[^`]+)`/);
    const source = readFileSync(join(repoRoot, 'src/bridge/handler/check-caller.ts'), 'utf8');
    assert.ok(source.includes(`'${line}'`));
  });

  it('links to sections and documents that exist', () => {
    for (const [, path = '', anchor] of document.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const name = path === '' ? 'operations.md' : path;
      assert.ok(existsSync(join(repoRoot, 'docs', name)), name);
      if (anchor === undefined) continue;
      const headings = [...readDocument(join('docs', name)).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
        text
          .toLowerCase()
          .replace(/[^\w\s-]/g, '')
          .replaceAll(' ', '-'),
      );
      assert.ok(headings.includes(anchor), `${name}#${anchor}`);
    }
  });
});
