import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Converter, LogLevel, Logger, PageEvent } from 'typedoc';
import type { Context, DocumentationEntryPoint, Reflection, TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import ts from 'typescript';
import { repoRoot } from './stack/paths.js';

/** The committed API reference. */
export const apiDocsDir: string = join(repoRoot, 'docs', 'api');

/** What can be imported, and the source file behind it; what all share is described at the first. */
const ENTRIES: readonly (readonly [name: string, file: string])[] = [
  ['temporal-bridge/workflow', 'src/workflow.ts'],
  ['temporal-bridge', 'src/index.ts'],
  ['temporal-bridge/testing', 'src/testing.ts'],
];

const OPTIONS: TypeDocOptions & PluginOptions = {
  plugin: ['typedoc-plugin-markdown'],
  logLevel: LogLevel.Warn,
  name: 'temporal-bridge: API reference',
  readme: 'none',
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  // The names of the settings: docs/configuration.md lists them.
  intentionallyNotExported: ['SettingName'],
  outputFileStrategy: 'modules',
  modulesFileName: 'README',
  flattenOutputFiles: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandParameters: true,
  indexFormat: 'table',
  parametersFormat: 'table',
  propertiesFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  propertyMembersFormat: 'table',
  tableColumnSettings: { hideInherited: true, hideOverrides: true },
};

/** Keeps what TypeDoc finds wrong, and prints nothing. */
class Findings extends Logger {
  readonly texts: string[] = [];

  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.texts.push(message);
  }
}

/**
 * Writes the API reference, from the doc comments of the package's entries, into `outDir`, which is emptied first.
 *
 * @returns what is wrong with it, one line each: a link that leads nowhere, a type that is not exported
 */
export async function buildApiDocs(outDir: string): Promise<readonly string[]> {
  const app = await Application.bootstrapWithPlugins(OPTIONS);
  const findings = new Findings();
  app.logger = findings;
  app.converter.on(Converter.EVENT_RESOLVE, forgetValueOfLiteral);
  app.renderer.on(PageEvent.END, tidy);
  const project = app.converter.convert(entryPoints());
  app.validate(project);
  await app.outputs.writeOutput({ name: 'markdown', path: outDir }, project);
  return findings.texts;
}

/** A constant's literal type says its value already. */
function forgetValueOfLiteral(_: Context, reflection: Reflection): void {
  if (reflection.isDeclaration() && reflection.type?.type === 'literal') delete reflection.defaultValue;
}

/** Text as git likes it: no white space at the end of a line, one newline at the end of the file. */
function tidy(page: PageEvent): void {
  page.contents = `${page.contents?.replaceAll(/[ \t]+$/gm, '').trimEnd() ?? ''}\n`;
}

/** One program for all entries: TypeDoc by itself would compile each project of the repository, tests and all. */
function entryPoints(): DocumentationEntryPoint[] {
  const entries = ENTRIES.map(([name, file]) => ({ name, path: join(repoRoot, file) })).filter(({ path }) =>
    existsSync(path),
  );
  const program = ts.createProgram(
    entries.map(({ path }) => path),
    compilerOptions(),
  );
  return entries.map(({ name, path }) => {
    const sourceFile = program.getSourceFile(path);
    if (!sourceFile) throw new Error(`${path} cannot be read`);
    return { displayName: name, program, sourceFile };
  });
}

function compilerOptions(): ts.CompilerOptions {
  const config = ts.readConfigFile(join(repoRoot, 'tsconfig.base.json'), (path) => ts.sys.readFile(path));
  if (config.error) throw new Error(ts.flattenDiagnosticMessageText(config.error.messageText, '\n'));
  const { compilerOptions } = config.config as { compilerOptions: object };
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, repoRoot);
  return { ...options, types: ['node'], composite: false, noEmit: true };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const text of await buildApiDocs(process.argv[2] ?? apiDocsDir)) console.warn(`warning: ${text}`);
}
