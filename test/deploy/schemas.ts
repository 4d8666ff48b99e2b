/** Resources against the schemas of Kubernetes and of the Prometheus operator, as packages carry them. */
import { join } from 'node:path';
import ts from 'typescript';
import { repoRoot } from '../../scripts/stack/paths.js';
import type { Resource } from './kustomize.js';

type Model = new (data: Resource) => { validate(): void };

function packageOf({ apiVersion }: Resource): string {
  return apiVersion.startsWith('monitoring.coreos.com/')
    ? `@kubernetes-models/prometheus-operator/${apiVersion}`
    : `kubernetes-models/${apiVersion}`;
}

/** What a resource's schema finds wrong: values, formats, what is missing. Fields that it does not know pass. */
export async function schemaProblem(resource: Resource): Promise<string | undefined> {
  const models = (await import(packageOf(resource))) as Readonly<Record<string, Model | undefined>>;
  const Found = models[resource.kind];
  if (!Found) return `no ${resource.kind} in ${resource.apiVersion}`;
  try {
    new Found(resource).validate();
    return undefined;
  } catch (error) {
    return `${resource.kind} ${resource.metadata.name}: ${(error as Error).message}`;
  }
}

/**
 * Fields that the types made from the same schemas do not know, as a cluster that is asked strictly would say: the
 * compiler is shown each resource as a literal of its type.
 */
export function unknownFields(resources: readonly Resource[]): string[] {
  const file = join(repoRoot, 'test', 'deploy', 'resources-as-literals.ts');
  const text = resources
    .map(
      (one, index) =>
        `import type { I${one.kind} as T${index} } from '${packageOf(one)}';\n` +
        `export const r${index}: T${index} = ${JSON.stringify(one, null, 1)};\n`,
    )
    .join('');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es2022.d.ts'],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const real = { getSourceFile: host.getSourceFile.bind(host), fileExists: host.fileExists.bind(host) };
  host.fileExists = (path) => path === file || real.fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    path === file
      ? ts.createSourceFile(path, text, ts.ScriptTarget.ES2022)
      : real.getSourceFile(path, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText, start }) => {
    const line = text.slice(text.lastIndexOf('\n', start) + 1).split('\n')[0] ?? '';
    return `${line.trim()} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}
