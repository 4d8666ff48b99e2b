#!/usr/bin/env -S npx tsx
/** Prints the path of a Temporal CLI on stdout, fetching one if need be; the steps go to stderr. */
import { findTemporalCli } from './stack/temporal-cli.js';

try {
  const path = await findTemporalCli({ log: (line) => console.error(line) });
  console.log(path);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
