/** Targets for tests of payloads: what they return, throw and are told goes through converters and codecs. */
import { ApplicationFailure, RawValue } from '@temporalio/common';
import {
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { Order } from '../codecs/order-payload-converter.js';
import { viewValue } from './fidelity-view.js';

export * from './fidelity-targets.js';

const raw = (encoding: string, data: string): RawValue =>
  RawValue.fromPayload({
    metadata: { encoding: new TextEncoder().encode(encoding) },
    data: new TextEncoder().encode(data),
  });

/** Returns what only a custom converter can carry. */
export async function GiveTyped(): Promise<Order> {
  return new Order('order-7', 3);
}

/** Fails with details that only a custom converter can carry. */
export async function BreakTyped(): Promise<never> {
  throw ApplicationFailure.create({
    type: 'Typed',
    message: 'typed details',
    details: [new Order('order-8', 4), 12345678901234567890n, new Date(0)],
  });
}

/** Returns a payload of an encoding that no converter knows. */
export async function GiveUnknown(): Promise<RawValue> {
  return raw('binary/of-another', 'unknown');
}

/** Returns what names an encoding that it is not of. */
export async function GiveMalformed(encoding: string): Promise<RawValue> {
  return raw(encoding, '{"cut');
}

/** Fails with details of an encoding that no converter knows, at each level. */
export async function BreakUnknown(): Promise<never> {
  const details = [raw('binary/of-another', 'unknown')];
  throw ApplicationFailure.create({
    type: 'Outer',
    message: 'outer message',
    nonRetryable: true,
    details,
    cause: ApplicationFailure.create({
      type: 'Middle',
      message: 'middle message',
      details: ['readable'],
      cause: ApplicationFailure.create({ type: 'Inner', message: 'inner message', details }),
    }),
  });
}

/** Fails with this message, and this text in its details and its cause's. */
export async function BreakWith(message: string, text: string): Promise<never> {
  throw ApplicationFailure.create({
    type: 'With',
    message,
    nonRetryable: true,
    details: [{ text }],
    cause: ApplicationFailure.create({ type: 'Cause', message, details: [text] }),
  });
}

/** Tells its memo. */
export async function TellMemo(): Promise<unknown> {
  return workflowInfo().memo;
}

/** Collects what it is told, in each way, until it is done; an update `void` has no result, `fail` fails. */
export async function Told(): Promise<unknown[]> {
  const told: unknown[] = [];
  let done = false;
  setHandler(defineSignal<[unknown, unknown]>('tell'), (...items) => {
    told.push(items);
  });
  setHandler(defineSignal('done'), () => {
    done = true;
  });
  setHandler(defineQuery<unknown, [unknown]>('ask'), (item) => ({ asked: item, told }));
  setHandler(defineUpdate<unknown, [string, unknown]>('update'), (how, item) => {
    told.push(item);
    if (how === 'fail')
      throw ApplicationFailure.create({ type: 'UpdateFailed', message: 'cannot', details: [item] });
    return how === 'void' ? undefined : { updated: item };
  });
  await condition(() => done);
  return told;
}

/** Returns its second argument after a while. */
export async function EchoLater(ms: number, value: unknown): Promise<unknown> {
  await sleep(ms);
  return value;
}

/** As {@link Told}, with values of the users' own kinds; tells of what class each signal's arguments came. */
export async function ToldTyped(): Promise<string> {
  const told: unknown[] = [];
  let done = false;
  setHandler(defineSignal<[unknown, unknown]>('tell'), (...items) => {
    told.push(viewValue(items));
  });
  setHandler(defineSignal('done'), () => {
    done = true;
  });
  setHandler(defineQuery<unknown, [unknown]>('ask'), (item) => item);
  setHandler(defineUpdate<unknown, [string, unknown]>('update'), (how, item) => {
    if (how === 'fail')
      throw ApplicationFailure.create({ type: 'UpdateFailed', message: 'cannot', details: [item] });
    return item;
  });
  await condition(() => done);
  return JSON.stringify(told);
}
