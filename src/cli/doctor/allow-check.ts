/** The allow-list: whether there is one, and which. */
import type { ResolvedConfig } from '../../bridge/config/resolve.js';
import { escapeForLog } from '../../shared/escape.js';
import type { Finding } from './check.js';

const WHAT = 'allow-list';

/** The list as `config` and `doctor` say it: rules, hash and where it was read. */
export function allowListInWords({ allow }: Pick<ResolvedConfig, 'allow'>): string {
  const { targets, callers, source, hash } = allow;
  if (source === undefined) return 'none';
  const count = (rules: readonly unknown[] | undefined, what: string) =>
    rules === undefined
      ? `no ${what} rules given`
      : `${String(rules.length)} ${what} ${rules.length === 1 ? 'rule' : 'rules'}`;
  return `${count(targets, 'target')}, ${count(callers, 'caller')}, hash ${hash}, from ${escapeForLog(source)}`;
}

/** Says which list is in force, and what its absence means. */
export function checkAllowList({ role, dev, allow }: ResolvedConfig): Finding[] {
  const missing = [
    ...(allow.targets === undefined ? ['BRIDGE_ALLOW_TARGETS'] : []),
    ...(role !== 'handler' && allow.callers === undefined ? ['BRIDGE_ALLOW_CALLERS'] : []),
  ];
  const found = allowListInWords({ allow });
  if (missing.length === 0) return [{ what: WHAT, level: 'ok', found }];
  const remedy = `set ${missing.join(' and ')}, or BRIDGE_ALLOW_FILE`;
  return [
    dev
      ? { what: WHAT, level: 'warning', found: `${found}: a development run, every call is allowed`, remedy }
      : {
          what: WHAT,
          level: 'failure',
          found: `${found}: every call is refused with TARGET_NOT_ALLOWED`,
          remedy,
        },
  ];
}
