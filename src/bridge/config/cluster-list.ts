/** The kind of setting that lists clusters: `name=host:port/namespace`, one after the other. */
import { z } from 'zod';
import { looksLikeKey, shownValue } from './config-error.js';
import {
  addressProblem,
  clusterNameProblem,
  namespaceProblem,
  taskQueueProblem,
  type IssueDetails,
  type SettingSpec,
} from './setting.js';

/** Most entries of one list: each is a connection of its own, and more is a mistake in a template. */
const MAX_LISTED_CLUSTERS = 64;

/** One cluster of a list. */
export interface ListedCluster {
  readonly name: string;
  readonly address: string;
  readonly namespace: string;
  /** The handler task queue, where the entry names one. */
  readonly queue?: string;
  /** The profile of its TLS and credentials, where the entry names one. */
  readonly profile?: string;
  /** May be spoken to in plain text, wherever it is. */
  readonly plaintext?: true;
}

/** Clusters, separated by commas or white space; may be missing. `withQueue`: `queue` is among an entry's options. */
export function clusterList(
  spec: Pick<SettingSpec<unknown>, 'path' | 'doc'> & { readonly withQueue: boolean },
) {
  const { withQueue, ...rest } = spec;
  const options = [...(withQueue ? ['queue=handler-task-queue'] : []), 'profile=name', 'plaintext=true'];
  const form = `name=host:port/namespace[?${options.join('&')}]`;
  return {
    ...rest,
    type: 'cluster list',
    range: `${form}, separated by commas or white space, ${String(MAX_LISTED_CLUSTERS)} at most`,
    example: 'eu=temporal-eu.example.com:7233/orders',
    schema: z.string().transform((text, context): readonly ListedCluster[] => {
      const add = (message: string, params: IssueDetails) => {
        context.addIssue({ code: 'custom', message, params: { ...params } });
      };
      // Cut into entries, a key would no longer look like one, and would be shown.
      if (looksLikeKey(text)) {
        add('holds key text instead of clusters', {});
        return [];
      }
      const entries = entriesOf(text);
      if (entries.length > MAX_LISTED_CLUSTERS) {
        const fix = `remove entries until ${String(MAX_LISTED_CLUSTERS)} are left`;
        add('has too many entries', { got: `${String(entries.length)} entries`, fix });
        return [];
      }
      return entries.flatMap(({ entry, shown }) => {
        const read = readEntry(entry, withQueue);
        if (typeof read !== 'string') return [read];
        add(`has an entry ${read}`, { got: shownValue(shown) });
        return [];
      });
    }),
  } as const satisfies SettingSpec<readonly ListedCluster[]>;
}

/** A checked entry as it is written, for messages. */
export function writtenEntry({ name, address, namespace, queue, profile, plaintext }: ListedCluster): string {
  const options = [
    ...(queue === undefined ? [] : [`queue=${queue}`]),
    ...(profile === undefined ? [] : [`profile=${profile}`]),
    ...(plaintext === undefined ? [] : ['plaintext=true']),
  ];
  return `${name}=${address}/${namespace}${options.length === 0 ? '' : `?${options.join('&')}`}`;
}

/** The entries of a list, each also as it may be shown: a comma in a password does not save it from its mask. */
function entriesOf(text: string): { readonly entry: string; readonly shown: string }[] {
  const masked = text.replace(/(?<=\/\/)[^/\s]*(?=@)/g, (secret) => '*'.repeat(secret.length));
  return [...text.matchAll(/[^\s,]+/g)].map(({ 0: entry, index }) => ({
    entry,
    shown: masked.slice(index, index + entry.length).replace(/\*+/g, '***'),
  }));
}

/** The cluster of an entry, or what is wrong with the entry. */
function readEntry(entry: string, withQueue: boolean): ListedCluster | string {
  const equals = entry.indexOf('=');
  if (equals < 1) return 'without a name';
  const name = entry.slice(0, equals);
  const [target, option] = splitAt(entry.slice(equals + 1), '?');
  if (/^[^/]*:\/\//.test(target)) return 'whose address is a URL';
  const [address, namespace] = splitAt(target, '/');
  if (!namespace) return 'without a namespace';
  const options = option === undefined ? {} : optionsOf(option, withQueue);
  if ('problem' in options) return options.problem;
  const problem =
    of('name', clusterNameProblem(name)) ??
    of('address', addressProblem(address)) ??
    of('namespace', namespaceProblem(namespace)) ??
    of('queue', options.queue && taskQueueProblem(options.queue)) ??
    of('profile', options.profile && clusterNameProblem(options.profile));
  return problem ?? { name, address, namespace, ...options };
}

function of(part: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `whose ${part} ${problem}`;
}

type EntryOptions = Pick<ListedCluster, 'queue' | 'profile' | 'plaintext'>;

/** What stands after the `?`: options with `&` between them, each once. */
function optionsOf(text: string, withQueue: boolean): EntryOptions | { readonly problem: string } {
  const known = withQueue ? ['queue', 'profile', 'plaintext'] : ['profile', 'plaintext'];
  const found: Partial<Record<string, string>> = {};
  for (const option of text.split('&')) {
    const [name, value] = splitAt(option, '=');
    if (name === 'queue' && !withQueue)
      return { problem: 'with an option queue, which only handler clusters have' };
    if (!known.includes(name) || !value || value.includes('?'))
      return { problem: `with an option that is none of ${known.join(', ')} with a value` };
    if (found[name] !== undefined) return { problem: `with two options ${name}` };
    found[name] = value;
  }
  const { queue, profile, plaintext } = found;
  if (plaintext !== undefined && plaintext !== 'true')
    return { problem: 'whose option plaintext is not plaintext=true' };
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(profile === undefined ? {} : { profile }),
    ...(plaintext === undefined ? {} : { plaintext: true }),
  };
}

/** The text before and after the first `mark`; nothing after it if there is none. */
function splitAt(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
