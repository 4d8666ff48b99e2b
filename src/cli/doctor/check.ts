/** What the doctor finds. */

/** How bad it is. `note`: nothing is wrong, or it cannot be told. */
export type Level = 'ok' | 'note' | 'warning' | 'failure';

/** One thing that was checked. */
export interface Check {
  /** Where: `host`, or the cluster's name. */
  readonly where: string;
  readonly what: string;
  readonly level: Level;
  /** What was found, safe to print. */
  readonly found: string;
  /** What to do about it; where nothing is wrong, there is none. */
  readonly remedy?: string;
}

/** What a check says, without where it looked. */
export type Finding = Omit<Check, 'where'>;

/** Longest time that one check takes, beyond the deadlines of its own requests. */
const CHECK_DEADLINE_MS = 15_000;

/** Runs checks that do not wait for each other; none throws, and none takes for ever. */
export async function runChecks(
  where: string,
  checks: readonly { readonly what: string; readonly run: () => Promise<readonly Finding[]> }[],
): Promise<Check[]> {
  const found = await Promise.all(checks.map(({ what, run }) => withDeadline(what, run)));
  return found.flat().map((finding) => ({ where, ...finding }));
}

async function withDeadline(
  what: string,
  run: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(() => {
      const found = `no answer within ${CHECK_DEADLINE_MS / 1000} s`;
      resolve([{ what, level: 'failure', found, remedy: 'look at the server and the link to it' }]);
    }, CHECK_DEADLINE_MS);
  });
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    const { message, found, remedy } = troubleIn(error);
    return [
      { what, level: 'failure', found: found ?? message, remedy: remedy ?? 'see what the message names' },
    ];
  } finally {
    clearTimeout(timer);
  }
}

function troubleIn(error: unknown): { message: string; found?: string; remedy?: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  return 'what' in error && 'remedy' in error
    ? { message, found: String(error.what), remedy: String(error.remedy) }
    : { message };
}
