/** What becomes of a server's database: copied, put back, lost. The server is killed first, as in the disaster. */
import { cp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import type { DevServer } from '../../scripts/stack/dev-server.js';

/** SQLite's database and what it keeps beside it. */
const FILES = ['', '-wal', '-shm'];

async function copy(from: string, to: string): Promise<void> {
  for (const end of FILES) if (existsSync(from + end)) await cp(from + end, to + end);
}

async function remove(file: string): Promise<void> {
  for (const end of FILES) await rm(file + end, { force: true });
}

/** A server with a database file. */
export interface ServerWithDatabase {
  readonly server: DevServer;
  readonly file: string;
}

/** Copies the database beside itself, and starts the server again. */
export async function backUp({ server, file }: ServerWithDatabase): Promise<void> {
  await server.kill9();
  await copy(file, `${file}.backup`);
  await server.restart();
}

/** Puts the copy back: what happened since is forgotten. The server runs when this resolves. */
export async function restore({ server, file }: ServerWithDatabase): Promise<void> {
  await server.kill9();
  await remove(file);
  await copy(`${file}.backup`, file);
  await server.restart();
}

/** Puts an empty server in the place of one that is lost, at the same address. */
export async function replaceByEmpty({ server, file }: ServerWithDatabase): Promise<void> {
  await server.kill9();
  await remove(file);
  await server.restart();
}
