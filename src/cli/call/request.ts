/** From what was typed to the request of a `CrossClusterWorkflow`. */
import { InvalidRequestError, parseCrossClusterRequest } from '../../shared/cross-cluster-request.js';
import { jsonPayload } from '../../shared/payloads.js';
import { CliRefusal } from '../io.js';
import { safe } from '../text.js';

/** What was typed. */
export interface TypedCall {
  readonly workflowType: string;
  /** JSON, one text for each argument. */
  readonly args: readonly string[];
  readonly taskQueue: string;
  readonly timeout?: string;
  readonly key?: string;
  readonly scope?: string;
  readonly targetId?: string;
  readonly cluster?: string;
}

/** The request in the plain form, which carries any number of arguments. */
export type PlainRequest = Readonly<Record<string, unknown>>;

/**
 * Makes the request, and checks it as the workflow will.
 *
 * @throws {CliRefusal} naming the argument or option, what is expected, and what was there
 */
export function requestOf(call: TypedCall): PlainRequest {
  const { workflowType, taskQueue, timeout, key, scope, targetId, cluster } = call;
  const request: PlainRequest = {
    workflowType,
    taskQueue,
    args: call.args.map(argumentOf),
    ...(timeout === undefined ? {} : { timeout }),
    ...(key === undefined ? {} : { key }),
    ...(scope === undefined ? {} : { scope }),
    ...(targetId === undefined ? {} : { workflowId: targetId }),
    ...(cluster === undefined ? {} : { cluster }),
  };
  try {
    parseCrossClusterRequest([jsonPayload(request)]);
  } catch (error) {
    if (error instanceof InvalidRequestError) throw new CliRefusal(error.message);
    throw error;
  }
  return request;
}

function argumentOf(text: string, at: number): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const quoted = `'${JSON.stringify(text.slice(0, 40))}'`;
    throw new CliRefusal(
      `argument ${at + 1}: expected JSON, got ${safe(text, 60)}; a text is written ${safe(quoted, 80)}; nothing was started`,
    );
  }
}
