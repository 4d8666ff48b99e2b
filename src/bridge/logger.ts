/**
 * The bridge's log: one line a record, JSON or, for people, coloured text. Lines are written at once, by this thread,
 * so that none is lost when the process ends.
 */
import type { Logger as SdkLogger, LogLevel as SdkLogLevel, LogMetadata } from '@temporalio/common';
import pc from 'picocolors';
import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { LogFormat, LogLevel } from './config/settings.js';
import { fitLine, MAX_LOG_LINE_BYTES, type LogFields } from './log-fields.js';

export type { LogFields } from './log-fields.js';

/** Where lines go, such as `process.stdout`. */
export interface LogDestination {
  write(line: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** Writes log lines. Strings are escaped and cut to 256 characters, a line has 1 KiB at most. Never throws. */
export interface BridgeLogger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that puts these fields in front of each line's own. */
  child(fields: LogFields): BridgeLogger;
}

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Least important lines that are written. */
  readonly level: LogLevel;
  /** `auto` = pretty if the destination is a terminal, else JSON. */
  readonly format: LogFormat;
  /** Default: `process.stdout`. */
  readonly destination?: LogDestination;
}

/** Bytes of a line that pino adds to message and fields: level, time and punctuation. */
const OVERHEAD_BYTES = 64;

/** Makes the logger of a process; the rest of the bridge uses its children. */
export function createLogger(options: LoggerOptions): BridgeLogger {
  const destination = options.destination ?? process.stdout;
  const tty = destination.isTTY === true;
  const pretty = options.format === 'pretty' || (options.format === 'auto' && tty);
  const sink = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Errors arrive here as plain fields already.
      serializers: { err: (error: unknown) => error },
      formatters: { level: (label) => ({ level: label }) },
    },
    pretty ? prettified(destination, tty && pc.isColorSupported) : destination,
  );
  return loggerOf(sink);
}

/**
 * What a workflow failed with are its target's own words, which belong into histories alone: the SDK's line about it keeps
 * all else.
 */
function withoutOutcome(message: string, meta: LogMetadata | undefined): LogMetadata | undefined {
  if (message !== 'Workflow failed' || !meta) return meta;
  const { error: _, ...rest } = meta;
  return rest;
}

/** Hands the Temporal SDK's own log lines to the bridge's log. */
export function sdkLogger(logger: BridgeLogger): SdkLogger {
  const levels: Readonly<Record<SdkLogLevel, LogLevel>> = {
    TRACE: 'trace',
    DEBUG: 'debug',
    INFO: 'info',
    WARN: 'warn',
    ERROR: 'error',
  };
  return {
    log: (level: SdkLogLevel, message: string, meta?: LogMetadata) => {
      logger[levels[level]](message, withoutOutcome(message, meta));
    },
    trace: (message: string, meta?: LogMetadata) => {
      logger.trace(message, withoutOutcome(message, meta));
    },
    debug: (message: string, meta?: LogMetadata) => {
      logger.debug(message, withoutOutcome(message, meta));
    },
    info: (message: string, meta?: LogMetadata) => {
      logger.info(message, withoutOutcome(message, meta));
    },
    warn: (message: string, meta?: LogMetadata) => {
      logger.warn(message, withoutOutcome(message, meta));
    },
    error: (message: string, meta?: LogMetadata) => {
      logger.error(message, withoutOutcome(message, meta));
    },
  };
}

function loggerOf(sink: pino.Logger): BridgeLogger {
  return loggerWriting((level, message, bound, fields) => {
    if (!sink.isLevelEnabled(level)) return;
    const line = fittedLine(message, bound, fields);
    sink[level](line.fields, line.message);
  });
}

/** A logger that hands each line to a function: the fields that it puts in front of each line's, and the line's own. */
export function loggerWriting(
  write: (level: LogLevel, message: string, bound: LogFields, fields: LogFields | undefined) => void,
  bound: LogFields = {},
): BridgeLogger {
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void =>
      write(level, message, bound, fields);
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => loggerWriting(write, { ...bound, ...fields }),
  };
}

/** The line, without its own fields if they cannot be read: a log must not stop the work that it tells of. */
function fittedLine(message: string, bound: LogFields, fields: LogFields | undefined) {
  const maxBytes = MAX_LOG_LINE_BYTES - OVERHEAD_BYTES;
  try {
    return fitLine(message, { ...bound, ...fields }, maxBytes);
  } catch {
    return fitLine(message, { ...bound, fields: '[unreadable]' }, maxBytes);
  }
}

/** Formats each line on its way, without a worker thread. */
function prettified(destination: LogDestination, colorize: boolean): LogDestination {
  const format = prettyFactory({
    colorize,
    colorizeObjects: false,
    singleLine: true,
    errorLikeObjectKeys: [],
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { write: (line) => destination.write(format(line)) };
}
