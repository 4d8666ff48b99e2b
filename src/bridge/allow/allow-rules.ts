/** The rules of an allow-list, and how they are read: from a JSON file, or from the short form of a setting. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { showValue } from '../../shared/escape.js';
import { MAX_ALLOW_RULES, MAX_NAME_CHARS } from '../../shared/limits.js';
import { namePattern, type NamePattern } from './pattern.js';

/** What may be called. A field that is left out matches everything. */
export interface TargetRule {
  readonly workflowType: NamePattern;
  readonly taskQueue: NamePattern;
  /** The handler cluster. */
  readonly cluster?: NamePattern | undefined;
  /** Cluster and namespace of the caller. */
  readonly fromCluster?: NamePattern | undefined;
  readonly fromNamespace?: NamePattern | undefined;
}

/** Who may call. A field that is left out matches everything. */
export interface CallerRule {
  readonly workflowType: NamePattern;
  readonly namespace: NamePattern;
  /** What this caller may call: handler cluster, and the target's type and queue. */
  readonly toCluster?: NamePattern | undefined;
  readonly toWorkflowType?: NamePattern | undefined;
  readonly toTaskQueue?: NamePattern | undefined;
}

/** An allow-list; a kind of rules that was not given at all is `undefined`, which is not the same as none. */
export interface AllowRules {
  readonly targets: readonly TargetRule[] | undefined;
  readonly callers: readonly CallerRule[] | undefined;
  /** Where it was read: a file's path, or `settings`; absent: no list was given. */
  readonly source?: string | undefined;
  /** First 12 hexadecimal digits of a SHA-256 of the rules: two processes with the same hash have the same list. */
  readonly hash: string;
}

/** Text that is no allow-list. The message says what is wrong; `got` what was found, ready to be shown. */
export class AllowTextError extends Error {
  override readonly name = 'AllowTextError';
  readonly got: string;

  constructor(what: string, got: string) {
    super(what);
    this.got = got;
  }
}

const pattern = z
  .string('is no text')
  .min(1, 'is empty')
  .max(MAX_NAME_CHARS, `is longer than ${String(MAX_NAME_CHARS)} characters`)
  .transform(namePattern);
const target = z.strictObject({
  workflowType: pattern,
  taskQueue: pattern,
  cluster: pattern.optional(),
  fromCluster: pattern.optional(),
  fromNamespace: pattern.optional(),
});
const caller = z.strictObject({
  workflowType: pattern,
  namespace: pattern,
  toCluster: pattern.optional(),
  toWorkflowType: pattern.optional(),
  toTaskQueue: pattern.optional(),
});
const tooMany = `has more than ${String(MAX_ALLOW_RULES)} rules`;
const file = z.strictObject({
  targets: z.array(target).max(MAX_ALLOW_RULES, tooMany).optional(),
  callers: z.array(caller).max(MAX_ALLOW_RULES, tooMany).optional(),
});

/**
 * Reads the file's text: `{"targets": [...], "callers": [...]}`, each of them optional.
 *
 * @throws {AllowTextError} also for a field that is not known: left unread, a slip would allow more than was meant
 */
export function parseAllowFile(text: string, source: string): AllowRules {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // The reason repeats a piece of the text; where it stands is enough.
    const where = /line \d+ column \d+|position \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    throw new AllowTextError('is not JSON', where === undefined ? 'other text' : `a mistake at ${where}`);
  }
  const read = file.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    const at = issue?.path.map(String).join('.') ?? '';
    const unknown = issue?.code === 'unrecognized_keys' ? ` ${showValue(issue.keys[0])}` : '';
    const what = unknown ? `has an unknown field${unknown}` : (issue?.message ?? 'is not as it must be');
    throw new AllowTextError('is no allow-list', `${at === '' ? 'the whole' : at} ${what}`);
  }
  return allowRules(read.data.targets, read.data.callers, source);
}

/**
 * Reads the short form: `TYPE@PLACE`, separated by commas or white space; the place is a task queue or a namespace.
 *
 * @throws {AllowTextError}
 */
export function parseAllowEntries(text: string): readonly (readonly [type: string, place: string])[] {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  if (entries.length > MAX_ALLOW_RULES) throw new AllowTextError(tooMany, `${String(entries.length)} rules`);
  return entries.map((entry) => {
    const parts = entry.split('@');
    const [type = '', place = ''] = parts;
    if (parts.length !== 2 || type === '' || place === '')
      throw new AllowTextError('has an entry that is not NAME@PLACE', showValue(entry));
    if (type.length > MAX_NAME_CHARS || place.length > MAX_NAME_CHARS)
      throw new AllowTextError('has a name that is too long', `${String(entry.length)} characters`);
    return [type, place];
  });
}

/** An allow-list out of its rules. */
export function allowRules(
  targets: readonly TargetRule[] | undefined,
  callers: readonly CallerRule[] | undefined,
  source?: string,
): AllowRules {
  const texts = (rule: object) =>
    Object.entries(rule)
      .map(([field, value]) => [field, (value as NamePattern | undefined)?.text])
      .sort();
  const written = JSON.stringify([targets?.map(texts) ?? null, callers?.map(texts) ?? null]);
  const hash = createHash('sha256').update(written).digest('hex').slice(0, 12);
  return { targets, callers, source, hash };
}

/** The rules that two settings of the short form give. */
export function allowRulesOfSettings(targets: string | undefined, callers: string | undefined): AllowRules {
  if (targets === undefined && callers === undefined) return allowRules(undefined, undefined);
  return allowRules(
    targets === undefined
      ? undefined
      : parseAllowEntries(targets).map(([type, queue]) => ({
          workflowType: namePattern(type),
          taskQueue: namePattern(queue),
        })),
    callers === undefined
      ? undefined
      : parseAllowEntries(callers).map(([type, namespace]) => ({
          workflowType: namePattern(type),
          namespace: namePattern(namespace),
        })),
    'settings',
  );
}
