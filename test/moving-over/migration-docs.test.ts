/** docs/migration.md says what is so: its samples compile, its settings exist, its query is the one that is tested. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CROSS_CLUSTER_WORKFLOW, DEFAULT_CALLER_TASK_QUEUE } from '../../src/shared/names.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';
import { OPEN_PUBLISHED_CALLS } from './published-call.js';

const document = readDocument('docs/migration.md');
const samples = new URL('./samples/', import.meta.url);

/** The code blocks of a language. */
function blocksOf(language: string): string[] {
  const blocks = document.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'));
  return [...blocks].map(([, block = '']) => block);
}

describe('docs/migration.md', () => {
  it('has just the samples that are compiled here', () => {
    const compiled = readdirSync(samples).map((name) => readFileSync(new URL(name, samples), 'utf8'));
    assert.ok(compiled.length > 0);
    assert.deepEqual(blocksOf('ts').sort(), compiled.sort());
  });

  it('names only settings that exist', () => {
    const known = readTable(readDocument('docs/configuration.md')).rows.map(([name]) => codeOf(name));
    const named = document.match(/\b(?:BRIDGE|CLUSTER_[AB])_[A-Z_]*[A-Z]\b/g) ?? [];
    assert.ok(named.length >= 6);
    for (const name of named) assert.ok(known.includes(name), name);
  });

  it('counts open calls by the query that the drain test uses', () => {
    assert.ok(document.includes(OPEN_PUBLISHED_CALLS));
  });

  it('starts calls by commands that are as published', () => {
    const starts = blocksOf('(?:sh)').filter((block) => block.includes('workflow start'));
    assert.equal(starts.length, 2);
    for (const start of starts) {
      assert.match(start, new RegExp(`--task-queue ${DEFAULT_CALLER_TASK_QUEUE}(?:-2)? `));
      assert.ok(start.includes(`--type ${CROSS_CLUSTER_WORKFLOW}`));
      const request = JSON.parse(/--input '(.*)'/.exec(start)?.[1] ?? '') as Record<string, string>;
      assert.equal(Buffer.from(request['Input'] ?? '', 'base64').toString(), '{"orderID":"123"}');
    }
  });
});
