/** docs/alerts.md and the rules name the same alerts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf, readDocument, readTable } from '../support/markdown.js';
import { RULES } from './deployed-files.js';

const document = readDocument('docs/alerts.md');

describe('docs/alerts.md', () => {
  it('has a section for each alert, in their order, and for no other', () => {
    const sections = [...document.matchAll(/^### (Bridge\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(
      sections,
      RULES.map(({ alert }) => alert),
    );
  });

  it('is where each alert points to', () => {
    for (const { alert, annotations } of RULES)
      assert.equal(annotations['runbook_url'], `docs/alerts.md#${alert.toLowerCase()}`);
  });

  it('lists each alert with its severity and its time', () => {
    const { rows } = readTable(document, '## All alerts');
    assert.deepEqual(
      rows.map(([alert, severity, since]) => [/\[(\w+)\]/.exec(alert ?? '')?.[1], severity, codeOf(since)]),
      RULES.map(({ alert, labels, for: since }) => [alert, labels['severity'], since]),
    );
  });

  it('says of each what it means, why it may be, what to look at, what to do and why this threshold', () => {
    for (const { alert } of RULES) {
      const section = document.split(`### ${alert}\n`)[1]?.split(/^##/m)[0] ?? '';
      for (const part of ['Means', 'Causes', 'Look at', 'Do', 'Threshold'])
        assert.ok(section.includes(`**${part}:**`), `${alert} lacks ${part}`);
    }
  });
});
