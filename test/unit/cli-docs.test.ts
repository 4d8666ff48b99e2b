/** docs/command-line.md and the help of each command name the commands and options that the program has. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Command, Option } from 'commander';
import { createProgram, runCli } from '../../src/cli/program.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';
import { surroundings } from '../support/cli-surroundings.js';

const document = readDocument('docs/command-line.md');

/** The commands that do something, with all of their names. */
function leaves(
  command: Command,
  path: readonly string[],
): (readonly [path: readonly string[], command: Command])[] {
  if (command.commands.length === 0) return [[path, command]];
  return command.commands.flatMap((sub) => leaves(sub, [...path, sub.name()]));
}

const commands = leaves(createProgram(surroundings().io).command, []);

/** A default as the help and the document write it. */
function defaultOf({ defaultValue, defaultValueDescription }: Option): string | undefined {
  return defaultValue === undefined ? undefined : (defaultValueDescription ?? String(defaultValue));
}

describe('docs/command-line.md', () => {
  it('has a section for each command, and for no other', () => {
    const sections = [...document.matchAll(/^## `temporal-bridge (.+)`$/gm)].map(([, name = '']) => name);
    assert.deepEqual(sections.sort(), commands.map(([path]) => path.join(' ')).sort());
  });

  for (const [path, command] of commands) {
    it(`lists the options of ${path.join(' ')} with their defaults, and no other`, () => {
      const { rows } = readTable(document, `## \`temporal-bridge ${path.join(' ')}\``);
      assert.deepEqual(
        rows.map(([flags, value, meaning]) => [codeOf(flags), codeOf(value), meaning]),
        command.options.map((option) => [option.flags, defaultOf(option), option.description]),
      );
    });
  }

  it('is linked from the README', () => {
    assert.ok(readDocument('README.md').includes('[docs/command-line.md](docs/command-line.md)'));
  });
});

describe('--help', () => {
  for (const [path, command] of commands) {
    it(`of ${path.join(' ')} names each argument and option with its default`, async () => {
      const { io, out } = surroundings();
      assert.equal(await runCli([...path, '--help'], io), 0);
      // Commander breaks lines.
      const help = out().replace(/\s+/g, ' ');
      for (const argument of command.registeredArguments)
        assert.ok(help.includes(argument.name()), argument.name());
      for (const option of command.options) {
        assert.ok(help.includes(`${option.flags} ${option.description}`), option.flags);
        const value = defaultOf(option);
        if (value !== undefined) assert.match(help, new RegExp(`\\(default: "?${value}"?\\)`), option.flags);
      }
      if (!['run', 'config'].includes(path[0] ?? '') && path[0] !== 'keys')
        assert.ok(help.includes('Exit status: 0'));
    });
  }

  it('of the program names every group of commands', async () => {
    const { io, out } = surroundings();
    assert.equal(await runCli(['--help'], io), 0);
    for (const name of ['run', 'config', 'keys', 'doctor', 'calls', 'call'])
      assert.match(out(), new RegExp(`\\n  ${name} `));
  });
});
