/** Failures with causes of any depth, as a worker of another language can send them: built without recursion. */
import { Client, credentials } from '@grpc/grpc-js';
import proto from '@temporalio/proto';
import type { TestSide } from './harness.js';

const { temporal } = proto;
const CAUSE = 4;
const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService';

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

const prefix = (field: number, length: number): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(length)]);

/** The bytes of a failure that is a chain of `links` application failures without words, in 5 bytes each. */
export function bareDeepFailure(links: number): Buffer {
  return chainOf(Array.from({ length: links }, () => ({ applicationFailureInfo: {} })));
}

/** The bytes of a failure that is a chain of `links` application failures, the outermost `link 0`. */
export function deepFailure(links: number): Buffer {
  return chainOf(
    Array.from({ length: links }, (_, n) => ({
      message: `link ${n}`,
      source: 'by hand',
      applicationFailureInfo: { type: 'Deep' },
    })),
  );
}

function chainOf(chain: readonly proto.temporal.api.failure.v1.IFailure[]): Buffer {
  const { Failure } = temporal.api.failure.v1;
  const heads = chain.map((link) => Failure.encode(link).finish());
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const head of heads.reverse()) {
    if (length > 0) {
      const cause = prefix(CAUSE, length);
      parts.push(cause);
      length += cause.length;
    }
    parts.push(head);
    length += head.length;
  }
  return Buffer.concat(parts.reverse());
}

/** The number of a message field, as its encoding has it, with an empty message in its place. */
function fieldOf(encoded: Uint8Array): number {
  let [number, shift] = [0, 0];
  for (const byte of encoded) {
    number += (byte & 0x7f) * 2 ** shift;
    shift += 7;
    if (byte < 0x80) break;
  }
  return Math.floor(number / 8);
}

/** Takes the next workflow task of a queue and fails its workflow with such a failure. */
export async function failDeeply(side: TestSide, queue: string, failure: Buffer): Promise<void> {
  const { RespondWorkflowTaskCompletedRequest: Request } = temporal.api.workflowservice.v1;
  const { Command, FailWorkflowExecutionCommandAttributes: Attributes } = temporal.api.command.v1;
  let taskToken: Uint8Array = new Uint8Array();
  while (taskToken.length === 0) {
    ({ taskToken } = await side.client.withDeadline(Date.now() + 90_000, () =>
      side.client.workflowService.pollWorkflowTaskQueue({
        namespace: side.namespace,
        taskQueue: { name: queue },
        identity: 'by hand',
      }),
    ));
  }
  const inMessage = (field: number, message: Buffer, head = Buffer.alloc(0)): Buffer =>
    Buffer.concat([head, prefix(field, message.length), message]);
  const attributes = inMessage(fieldOf(Attributes.encode({ failure: {} }).finish()), failure);
  const command = inMessage(
    fieldOf(Command.encode({ failWorkflowExecutionCommandAttributes: {} }).finish()),
    attributes,
    Buffer.from(Command.encode({ commandType: 5 }).finish()),
  );
  const request = inMessage(
    fieldOf(Request.encode({ commands: [{}] }).finish()),
    command,
    Buffer.from(Request.encode({ namespace: side.namespace, identity: 'by hand', taskToken }).finish()),
  );
  await sendBytes(side, 'RespondWorkflowTaskCompleted', request);
}

/** Takes the next activity task of a queue and fails this try of it with such a failure. */
export async function failActivityDeeply(side: TestSide, queue: string, failure: Buffer): Promise<void> {
  const { RespondActivityTaskFailedRequest: Request } = temporal.api.workflowservice.v1;
  const { taskToken } = await side.client.withDeadline(Date.now() + 90_000, () =>
    side.client.workflowService.pollActivityTaskQueue({
      namespace: side.namespace,
      taskQueue: { name: queue },
      identity: 'by hand',
    }),
  );
  const head = Request.encode({ namespace: side.namespace, identity: 'by hand', taskToken }).finish();
  const field = prefix(fieldOf(Request.encode({ failure: {} }).finish()), failure.length);
  await sendBytes(side, 'RespondActivityTaskFailed', Buffer.concat([head, field, failure]));
}

/** Sends a request that the SDK's encoder could not write. */
async function sendBytes(side: TestSide, method: string, request: Buffer): Promise<void> {
  const client = new Client(side.address, credentials.createInsecure());
  const same = (bytes: Buffer): Buffer => bytes;
  try {
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(`${SERVICE}/${method}`, same, same, request, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  } finally {
    client.close();
  }
}
