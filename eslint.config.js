import { builtinModules } from 'node:module';
import eslint from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Folders and files whose code runs in the workflow sandbox, or is shared with it. */
const sandboxFiles = [
  'src/shared/**/*.ts',
  'src/workflow/**/*.ts',
  'src/workflow.ts',
  'workflows-a/**/*.ts',
  'workflows-b/**/*.ts',
];

/** The one sandbox-side file that is run by a worker's activity side. */
const activityFiles = ['workflows-b/activities.ts'];

const hostOnlyImports = (packages) => ({
  patterns: [
    { regex: '^node:', message: 'The workflow sandbox has no Node modules.' },
    {
      regex: `^(?:${builtinModules.filter((name) => !name.startsWith('_')).join('|')})(?:/.*)?$`,
      message: 'The workflow sandbox has no Node modules.',
    },
    {
      regex: `^@temporalio/(?:${packages.join('|')})(?:/.*)?$`,
      message: 'This package runs in Node, not in the workflow sandbox.',
    },
    { regex: '^(?:\\.\\.?/)+(?:src/)?(?:bridge|cli)/', message: 'Sandbox code must not import host code.' },
  ],
});

const sandboxGlobals = [
  'process',
  'Buffer',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'require',
  'module',
  '__dirname',
  '__filename',
  'global',
  'fetch',
  'performance',
].map((name) => ({ name, message: 'Not available, or not deterministic, in the workflow sandbox.' }));

export default defineConfig(
  { ignores: ['dist/**', '.cache/**', 'node_modules/**', 'coverage/**', 'test/package/stranger/**'] },
  eslint.configs.recommended,
  {
    files: ['deploy/image/*.mjs'],
    languageOptions: { globals: { process: 'readonly', fetch: 'readonly', console: 'readonly' } },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked, importX.flatConfigs.typescript],
    plugins: { 'import-x': importX },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    settings: {
      'import-x/resolver-next': [
        createNodeResolver({
          extensions: ['.ts', '.js', '.json'],
          extensionAlias: { '.js': ['.ts', '.js'] },
          conditionNames: ['types', 'import', 'node', 'default'],
        }),
      ],
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          // node:test keeps track of what these return.
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['describe', 'it', 'suite', 'test'] },
          ],
        },
      ],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      // Workflows, activities and test bodies are async by contract, whether or not they await.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-self-import': 'error',
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: [
            {
              target: './src/shared',
              from: './src',
              except: ['./shared'],
              message: 'src/shared is pure: it imports nothing of the other folders.',
            },
            {
              target: './src/workflow',
              from: './src',
              except: ['./shared', './workflow'],
              message: 'Sandbox code imports src/shared and src/workflow only.',
            },
            {
              target: ['./workflows-a', './workflows-b'],
              from: ['./src/bridge', './src/cli', './src/index.ts'],
              message: 'Sandbox code must not import host code.',
            },
            {
              target: './src',
              from: ['./test', './scripts'],
              message: 'Shipped code imports shipped code only.',
            },
          ],
          basePath: import.meta.dirname,
        },
      ],
    },
  },
  {
    files: sandboxFiles,
    rules: {
      'no-restricted-imports': ['error', hostOnlyImports(['client', 'worker', 'activity'])],
      'no-restricted-globals': ['error', ...sandboxGlobals],
    },
  },
  {
    files: activityFiles,
    rules: { 'no-restricted-imports': ['error', hostOnlyImports(['client', 'worker'])] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Tests hand garbage to parsers and read untyped replies.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
);
