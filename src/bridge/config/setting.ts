/**
 * What a setting is, and the kinds of setting there are. Each kind turns the text of an environment variable
 * into a checked value; the table in `settings.ts` is written with them.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { formatDuration, parseDurationMs } from '../../shared/duration.js';

/** The form in which a setting is written. */
export type SettingType =
  | 'address'
  | 'URL'
  | 'name'
  | 'task queue'
  | 'cluster list'
  | 'choice'
  | 'boolean'
  | 'duration'
  | 'integer'
  | 'allow entries'
  | 'allow file'
  | 'key text'
  | 'key file'
  | 'file'
  | 'API key'
  | 'profile';

/** All that is known of one setting, save its environment name, which is its key in the table. */
export interface SettingSpec<T> {
  /** Where the value ends up in the resolved configuration, as a dotted path. */
  readonly path: string;
  readonly type: SettingType;
  /** What the number counts; for a duration the unit of the resolved value. Absent where there is no number. */
  readonly unit?: string;
  /** The accepted values, for people. */
  readonly range: string;
  /** The text that holds when the setting is not given; absent for a setting that may be missing. */
  readonly default?: string;
  /** A value worth copying, shown in error messages. */
  readonly example: string;
  /** One line: what the setting does. */
  readonly doc: string;
  /** True: the value is never printed. */
  readonly secret?: boolean;
  /** The command-line option that sets it too. */
  readonly flag?: string;
  /**
   * Checks and converts the trimmed text. An issue's message says what is wrong, without the value; its params may
   * be `IssueDetails`.
   */
  readonly schema: z.ZodType<T, string>;
}

/** What an issue of a schema may say in place of the whole value and of the usual advice. */
export interface IssueDetails {
  /** What was found, ready to be shown. */
  readonly got?: string;
  readonly fix?: string;
}

/** A setting of the table, under its environment name. */
export interface Setting<T = unknown> extends SettingSpec<T> {
  readonly env: string;
}

/** A setting that always has a value. */
export type SettingWithDefault<T> = SettingSpec<T> & { readonly default: string };

type Common = Pick<SettingSpec<unknown>, 'path' | 'doc'> & {
  readonly default: string;
  readonly flag?: string;
};

/** `host:port`; the host is a name, an IPv4 address or an IPv6 address in brackets. */
export function address(spec: Common): SettingWithDefault<string> {
  return {
    ...spec,
    type: 'address',
    range: 'host:port, port 1–65535',
    example: 'temporal.example.com:7233',
    schema: checked(addressProblem),
  };
}

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** `host:port` to listen on, or `off` for nowhere; port 0 is any free one. */
export function listenAddress(spec: Common): SettingWithDefault<ListenAddress | 'off'> {
  return {
    ...spec,
    type: 'address',
    range: 'host:port, port 0–65535 (0 = any free one), or off',
    example: '0.0.0.0:9464',
    schema: converted(
      (text) => (text.toLowerCase() === 'off' ? 'off' : splitAddress(text, 0)),
      'is no address to listen on',
    ),
  };
}

/** Splits a checked address into its lower-case host, without brackets, and its port; undefined for any other text. */
export function splitAddress(text: string, minPort = 1): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)):([0-9]{1,5})$/.exec(
    text,
  );
  const [, ipv6, name, digits] = match ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || host.length > 253 || !(port >= minPort && port <= 65_535)) return undefined;
  if (ipv6 !== undefined && !isIPv6(ipv6)) return undefined;
  if (name !== undefined && /^[0-9.]+$/.test(name) && !isIPv4(name)) return undefined;
  return { host: host.toLowerCase(), port };
}

/** What is wrong with an address; undefined if nothing is. */
export function addressProblem(text: string): string | undefined {
  if (splitAddress(text) !== undefined) return undefined;
  if (text.includes('://')) return 'is a URL';
  if (text.includes('/')) return 'has a path';
  const port = /:([0-9]+)$/.exec(text)?.[1];
  if (port === undefined) return 'has no port';
  return Number(port) >= 1 && Number(port) <= 65_535 ? 'has no valid host' : 'has a port out of range';
}

/** Base address of a web page, http or https; may be missing. Kept without a slash at its end. */
export function webAddress(spec: Pick<SettingSpec<unknown>, 'path' | 'doc' | 'example'>) {
  return {
    ...spec,
    type: 'URL',
    range: 'http:// or https://, without user, query and fragment; 2,000 characters at most',
    schema: checked(webAddressProblem).transform((text) => text.replace(/\/+$/, '')),
  } as const satisfies SettingSpec<string>;
}

function webAddressProblem(text: string): string | undefined {
  if (text.length > 2_000) return 'is too long';
  if (!/^https?:\/\//i.test(text)) return 'does not begin with http:// or https://';
  if (!URL.canParse(text) || /[\s\p{Cc}\p{Cf}\p{Cs}]/u.test(text)) return 'is not a URL';
  const { username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '') return 'holds a user or password';
  return search !== '' || hash !== '' || /[?#]/.test(text) ? 'has a query or fragment' : undefined;
}

/** A cluster's name as it appears in ids, logs and metrics: 1–63 of letters, digits, `_`, `.`, `-`. */
export function clusterName(spec: Common): SettingWithDefault<string> {
  return {
    ...spec,
    type: 'name',
    range: '1–63 characters of A–Z a–z 0–9 _ . -',
    example: 'cluster-eu-1',
    schema: checked(clusterNameProblem),
  };
}

/** What is wrong with a cluster's name, which is not empty; undefined if nothing is. */
export function clusterNameProblem(text: string): string | undefined {
  if (text.length > 63) return 'is too long';
  return /^[A-Za-z0-9_.-]+$/.test(text) ? undefined : 'holds characters that a cluster name may not have';
}

/** The name of a namespace: 1–255 characters, no white space or control characters. */
export function namespace(spec: Common): SettingWithDefault<string> {
  return {
    ...spec,
    type: 'name',
    range: '1–255 characters without white space',
    example: 'orders',
    schema: checked(namespaceProblem),
  };
}

/** What is wrong with the name of a namespace, which is not empty; undefined if nothing is. */
export function namespaceProblem(text: string): string | undefined {
  if (text.length > 255) return 'is too long';
  return /[\s\p{Cc}\p{Cf}\p{Cs}]/u.test(text) ? 'holds white space or control characters' : undefined;
}

/** A task queue: 1–200 characters, none of the prefixes that Temporal keeps for itself. */
export function taskQueue(spec: Common): SettingWithDefault<string> {
  return {
    ...spec,
    type: 'task queue',
    range: '1–200 characters, not starting with /_sys/ or __temporal',
    example: 'bridge-orders-queue',
    schema: checked(taskQueueProblem),
  };
}

/** What is wrong with a task queue, which is not empty; undefined if nothing is. */
export function taskQueueProblem(text: string): string | undefined {
  if (text.length > 200) return 'is too long';
  if (text.startsWith('/_sys/') || text.startsWith('__temporal')) return 'starts with a reserved prefix';
  return /[\p{Cc}\p{Cf}\p{Cs}]/u.test(text) ? 'holds control characters' : undefined;
}

/** One word of a fixed list; upper and lower case are the same. */
export function choice<const T extends string>(
  spec: Common & { readonly choices: readonly T[] },
): SettingWithDefault<T> {
  const { choices, ...rest } = spec;
  return {
    ...rest,
    type: 'choice',
    range: choices.join(' | '),
    example: choices.find((word) => word !== spec.default) ?? spec.default,
    schema: converted(
      (text) => choices.find((word) => word === text.toLowerCase()),
      'is not one of the choices',
    ),
  };
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  1: true,
  false: false,
  no: false,
  0: false,
};

/** A switch: `true`, `yes`, `1`, `false`, `no` or `0`; upper and lower case are the same. */
export function boolean(spec: Common): SettingWithDefault<boolean> {
  return {
    ...spec,
    type: 'boolean',
    range: 'true | false | yes | no | 1 | 0',
    example: spec.default === 'true' ? 'false' : 'true',
    schema: converted((text) => {
      const word = text.toLowerCase();
      return Object.hasOwn(BOOLEANS, word) ? BOOLEANS[word] : undefined;
    }, 'is neither true nor false'),
  };
}

/** A length of time such as `250ms`, `90s`, `1m30s` or `1h`, kept in milliseconds; `min` and `max` are texts too. */
export function duration(
  spec: Common & { readonly min: string; readonly max: string },
): SettingWithDefault<number> {
  const { min, max, ...rest } = spec;
  const [minMs, maxMs] = [parseDurationMs(min), parseDurationMs(max)];
  return {
    ...rest,
    type: 'duration',
    unit: 'ms',
    range: `${min}–${max}`,
    example: formatDuration(Math.min(Math.max(parseDurationMs('30s'), minMs), maxMs)),
    schema: converted((text) => {
      try {
        const ms = parseDurationMs(text);
        return Number.isFinite(ms) ? ms : undefined;
      } catch {
        return undefined;
      }
    }, 'is not a duration').pipe(
      z.number().min(minMs, 'is too short').max(maxMs, 'is too long').transform(Math.round),
    ),
  };
}

/** A whole number in decimal digits; `unit` says what it counts. */
export function integer(
  spec: Common & { readonly unit: string; readonly min: number; readonly max: number },
): SettingWithDefault<number> {
  const { min, max, ...rest } = spec;
  return {
    ...rest,
    type: 'integer',
    range: `${String(min)}–${String(max)}`,
    example: spec.default === '0' ? '10' : spec.default,
    schema: converted(
      (text) => (/^-?[0-9]{1,15}$/.test(text) ? Number(text) : undefined),
      'is not a whole number',
    ).pipe(z.number().min(min, 'is too small').max(max, 'is too large')),
  };
}

/** Key text in PEM; may be missing. Only the text's presence is checked here, the keys in `seal-keys.ts`. */
export function keyText(spec: Pick<SettingSpec<unknown>, 'path' | 'doc' | 'range' | 'example' | 'secret'>) {
  return { ...spec, type: 'key text', schema: z.string() } as const satisfies SettingSpec<string>;
}

/** The path of a file with keys in PEM; may be missing. */
export function keyFile(spec: Pick<SettingSpec<unknown>, 'path' | 'doc' | 'example'>) {
  return {
    ...spec,
    type: 'key file',
    range: 'path of a regular file, 64 KiB at most',
    schema: checked(pathProblem),
  } as const satisfies SettingSpec<string>;
}

/** The path of a file; may be missing. `size` says how large it may be, for people. */
export function file(
  spec: Pick<SettingSpec<unknown>, 'path' | 'doc' | 'example'> & { readonly size: string },
) {
  const { size, ...rest } = spec;
  return {
    ...rest,
    type: 'file',
    range: `path of a regular file, ${size} at most`,
    schema: checked(pathProblem),
  } as const satisfies SettingSpec<string>;
}

function pathProblem(text: string): string | undefined {
  if (text.includes('-----BEGIN')) return 'holds key text instead of a path';
  return text.includes('\0') || text.length > 4_096 ? 'is not a path' : undefined;
}

/** A schema that takes texts in which the function finds no problem. */
export function checked(problemOf: (text: string) => string | undefined): z.ZodType<string, string> {
  return z.string().superRefine((text, context) => {
    const message = problemOf(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

function converted<T>(convert: (text: string) => T | undefined, message: string): z.ZodType<T, string> {
  return z.string().transform((text, context): T => {
    const value = convert(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}
