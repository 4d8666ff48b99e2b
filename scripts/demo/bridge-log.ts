import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from '../stack/scope.js';
import type { Screen } from './screen.js';

const LOOK_EVERY_MS = 250;
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads the lines of a log that is being written, from its beginning, and hands over each whole one.
 *
 * @param isOver asked when there is nothing more to read at the moment
 */
export async function followLog(
  file: string,
  scope: Scope,
  take: (line: string) => void,
  isOver: () => boolean,
): Promise<void> {
  const log = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    for (;;) {
      const { bytesRead } = await log.read(buffer, 0, buffer.length, null);
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        take(rest.subarray(0, end).toString());
        rest = rest.subarray(end + 1);
      }
      if (bytesRead > 0) continue;
      if (isOver()) return;
      await scope.orInterrupted(sleep(LOOK_EVERY_MS));
    }
  } finally {
    await log.close();
  }
}

/** Shows a line of the bridge's log: time, level and message, then the fields in rows of their own. */
export function showLogLine(line: string, screen: Screen): void {
  const { paint } = screen;
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    screen.line(line);
    return;
  }
  const { time, level, msg, ...rest } = fields;
  const color = level === 'error' ? paint.red : level === 'warn' ? paint.yellow : paint.green;
  screen.line(`${String(time).slice(11, 23)} ${color(String(level).padEnd(5))} ${String(msg)}`);
  const text = Object.entries(rest).map(([name, value]) => `${name}=${asText(value)}`);
  for (const row of screen.rows(text.join(' '), 4)) screen.line(`    ${paint.dim(row)}`);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
