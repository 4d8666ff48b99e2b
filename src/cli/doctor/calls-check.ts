/** How many calls are open, and whether some hang. */
import { REMOTE_CALL_WORKFLOW } from '../../shared/names.js';
import { readList } from '../calls/list.js';
import { WrapperMemory, type CallClusters } from '../calls/read-call.js';
import { shortId } from '../text.js';
import type { Finding } from './check.js';
import { isDenied } from './permission-checks.js';

/** Open calls that are looked at: the newest, which tell of what goes wrong now. */
const LOOKED_AT = 10;

/** Looks at the newest open calls of a handler cluster, and counts wrappers that did not end as they should. */
export async function checkCalls(clusters: CallClusters): Promise<readonly Finding[]> {
  const what = 'calls';
  const { handler } = clusters;
  try {
    const [{ calls, openInAll = 0 }, broken] = await Promise.all([
      readList({ ...clusters, callers: [] }, { state: 'open', limit: LOOKED_AT }, '', new WrapperMemory()),
      handler.count(
        `WorkflowType = '${REMOTE_CALL_WORKFLOW}' AND ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')`,
      ),
    ]);
    const hanging = calls.filter(({ hangs }) => hangs);
    const open = `${openInAll} open`;
    const findings: Finding[] = [];
    if (hanging.length > 0) {
      const ids = hanging.slice(0, 3).map(({ callId }) => shortId(callId));
      findings.push({
        what,
        level: 'warning',
        found: `${open}; ${hanging.length} of the ${calls.length} newest hang: ${ids.join(', ')}${hanging.length > ids.length ? ', …' : ''}`,
        remedy: 'temporal-bridge calls list --open says where, and what to do',
      });
    } else findings.push({ what, level: 'ok', found: open });
    if (broken > 0) {
      findings.push({
        what,
        level: 'note',
        found: `${broken} ${broken === 1 ? 'wrapper was' : 'wrappers were'} terminated or failed within the retention: by hand, or not started by a bridge`,
      });
    }
    return findings;
  } catch (error) {
    if (!isDenied(error)) throw error;
    return [{ what, level: 'note', found: 'this host may not list workflows there' }];
  }
}
