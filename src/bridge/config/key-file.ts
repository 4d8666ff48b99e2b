/** Reads the files that settings name: key files, of which a private one that others may read is refused, and others. */
import { closeSync, fstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';

import { MAX_KEY_FILE_BYTES } from '../../shared/limits.js';

/** A key file that cannot be used. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
  /** What a usable file would be, what was found, and what to do, for people. */
  readonly expected: string;
  readonly got: string;
  readonly fix: string;

  constructor(
    what: string,
    parts: { readonly expected: string; readonly got: string; readonly fix: string },
  ) {
    super(what);
    this.expected = parts.expected;
    this.got = parts.got;
    this.fix = parts.fix;
  }
}

/**
 * The text of a key file.
 * @throws {KeyFileError} if it cannot be read, is no regular file, is larger than `maxBytes` (default 64 KiB), or is
 * private and open to others.
 */
export function readKeyFile(
  path: string,
  access: 'private' | 'public',
  maxBytes: number = MAX_KEY_FILE_BYTES,
): string {
  return readFile(path, access, maxBytes);
}

/**
 * The text of a file that holds no key.
 * @throws {KeyFileError} if it cannot be read, is no regular file, or is larger than `maxBytes`.
 */
export function readPlainFile(path: string, maxBytes: number): string {
  return readFile(path, 'public', maxBytes);
}

function readFile(path: string, access: 'private' | 'public', maxBytes: number): string {
  let file: number | undefined;
  try {
    // A named pipe would block the open, so look first; what is read is checked again once it is open.
    assertUsable(statSync(path), access, maxBytes);
    file = openSync(path, 'r');
    assertUsable(fstatSync(file), access, maxBytes);
    const buffer = Buffer.alloc(maxBytes);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, 0));
  } catch (error) {
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError('cannot be read', {
      expected: 'a file that the bridge may read',
      got: error instanceof Error && 'code' in error ? String(error.code) : 'an error',
      fix: 'correct the path, or give the user that runs the bridge the right to read the file',
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function assertUsable(stats: Stats, access: 'private' | 'public', maxBytes: number): void {
  if (!stats.isFile()) {
    throw new KeyFileError('is no regular file', {
      expected: 'a regular file',
      got: stats.isDirectory() ? 'a directory' : 'a device, pipe or socket',
      fix: 'name the file itself',
    });
  }
  if (stats.size > maxBytes) {
    throw new KeyFileError('is too large', {
      expected: `${String(maxBytes)} bytes at most`,
      got: `${String(stats.size)} bytes`,
      fix: 'name a file that holds nothing else',
    });
  }
  if (access === 'private' && isTooOpen(stats, process.getuid?.())) {
    throw new KeyFileError('may be read by others', {
      expected: 'mode 0600 or stricter (0640 if it belongs to root and the bridge runs as somebody else)',
      got: `mode ${(stats.mode & 0o7777).toString(8).padStart(4, '0')}`,
      fix: 'run chmod 600 on it, or set defaultMode: 0400 on a Kubernetes secret',
    });
  }
}

/**
 * True if a private file's mode lets others at it: any right for group or others. A file of root that a bridge under
 * another user reads may be readable for its group, as it is the only way to mount a Kubernetes secret for such a
 * bridge (PostgreSQL has the same rule). Systems without user ids have no such modes: never too open.
 */
export function isTooOpen(
  file: { readonly mode: number; readonly uid: number },
  processUid: number | undefined,
) {
  if (processUid === undefined) return false;
  const forbidden = file.uid === 0 && processUid !== 0 ? 0o037 : 0o077;
  return (file.mode & forbidden) !== 0;
}
