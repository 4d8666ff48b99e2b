/** The types of the library, judged by the compiler itself. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const FILE = fileURLToPath(new URL('./remote-workflow.ts', import.meta.url));
const CONFIG = fileURLToPath(new URL('../../tsconfig.test.json', import.meta.url));

/** The errors of the file, compiled as the tests' project compiles it, with another text in its place. */
function errorsOf(text: string): string[] {
  const parsed = ts.getParsedCommandLineOfConfigFile(
    CONFIG,
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) =>
        assert.fail(ts.flattenDiagnosticMessageText(messageText, ' ')),
    },
  );
  assert.ok(parsed);
  assert.ok(parsed.fileNames.includes(FILE), 'the project compiles it');
  const options = { ...parsed.options, noEmit: true, composite: false, incremental: false };
  delete options.tsBuildInfoFile;
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, language, ...rest) =>
    name === FILE ? ts.createSourceFile(name, text, language) : getSourceFile(name, language, ...rest);
  const program = ts.createProgram([FILE], options, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(FILE))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

const text = readFileSync(FILE, 'utf8');

// What does compile is for `tsc -b` to say, which the file is a part of.
test('a wrong argument, or the wrong use of a result, does not compile', () => {
  const broken = text
    .replace('// @ts-expect-error an argument of another type', '')
    .replace('typeIs<Receipt>()(receipt)', 'typeIs<Order>()(receipt)');
  const errors = errorsOf(broken);
  assert.equal(errors.length, 2, errors.join('\n'));
  assert.match(errors.join('\n'), /Expected 2 arguments, but got 1/);
  assert.match(errors.join('\n'), /'string' is not assignable to type 'boolean'/);
});
