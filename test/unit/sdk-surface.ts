/** What the shipped code uses of the Temporal SDK beyond what the SDK promises to keep. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import ts from 'typescript';
import { repoRoot } from '../../scripts/stack/paths.js';

/** Files by what they use, both in alphabetical order. */
export type Uses = Readonly<Record<string, readonly string[]>>;

/** Paths of the shipped sources, from the repository's root. */
const SOURCES: readonly string[] = ['src', 'workflows-a', 'workflows-b'].flatMap((folder) =>
  readdirSync(join(repoRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.split(sep).join('/')}`),
);

/** Signs that code reaches behind a public API: the first group of each, or the whole match, names what is used. */
const SIGNS: readonly RegExp[] = [
  /from '(@temporalio\/[\w-]+\/(?:lib|src)\/[^']+)'/g,
  /__TEMPORAL_\w+?__/g,
  /'(_tracer-data)'/g,
  /'(OpenTelemetry\w+)'/g,
  /(?<=[\w)\]])\._(?!_TEMPORAL)\w+|\['_\w+'\]/g,
  /as unknown as/g,
];

/** Deep imports, globals and names of the SDK, underscored members, and casts by which types are left behind. */
export function internalsUsed(): Uses {
  const uses: [string, string][] = SOURCES.flatMap((file) => {
    const text = readFileSync(join(repoRoot, file), 'utf8');
    return SIGNS.flatMap((sign) =>
      [...text.matchAll(sign)].map((m): [string, string] => [m[1] ?? m[0], file]),
    );
  });
  return grouped(uses);
}

/** What the SDK's own doc comments call experimental, deprecated or internal, wherever the code names it. */
export function unstableUsed(): Uses {
  const files = SOURCES.map((file) => join(repoRoot, file));
  const program = ts.createProgram(files, compilerOptions());
  const checker = program.getTypeChecker();
  const uses: [string, string][] = [];
  const visit = (node: ts.Node, file: string): void => {
    const symbol = ts.isIdentifier(node) ? symbolOf(node, checker) : undefined;
    if (symbol && isOfSdk(symbol)) {
      const marks = symbol.getJsDocTags(checker).map(({ name }) => name);
      if (marks.some((mark) => /^(?:experimental|deprecated|internal)$/.test(mark)))
        uses.push([symbol.name, file]);
    }
    ts.forEachChild(node, (child) => visit(child, file));
  };
  for (const file of SOURCES) {
    const source = program.getSourceFile(join(repoRoot, file));
    if (!source) throw new Error(`${file} cannot be read`);
    visit(source, file);
  }
  return grouped(uses);
}

/** What an identifier stands for; the name of an option is the declared option, not the one that is written there. */
function symbolOf(node: ts.Identifier, checker: ts.TypeChecker): ts.Symbol | undefined {
  if (ts.isPropertyAssignment(node.parent) && node.parent.name === node) {
    const type = checker.getContextualType(node.parent.parent);
    return type && checker.getPropertyOfType(type, node.text);
  }
  const symbol = checker.getSymbolAtLocation(node);
  return symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function isOfSdk({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some((one) => one.getSourceFile().fileName.includes('/node_modules/@temporalio/'));
}

function compilerOptions(): ts.CompilerOptions {
  const path = join(repoRoot, 'tsconfig.base.json');
  const { config } = ts.readConfigFile(path, (name) => ts.sys.readFile(name)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, repoRoot);
  return { ...options, types: ['node'], composite: false, noEmit: true };
}

function grouped(uses: readonly (readonly [string, string])[]): Uses {
  const names = [...new Set(uses.map(([name]) => name))].sort();
  return Object.fromEntries(
    names.map((name) => [
      name,
      [...new Set(uses.filter(([one]) => one === name).map(([, file]) => file))].sort(),
    ]),
  );
}
