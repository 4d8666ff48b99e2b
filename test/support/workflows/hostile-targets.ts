/** A target of any type, and of any answer: its worker has nothing else to offer. */
import { ApplicationFailure, RawValue } from '@temporalio/common';
import { condition, defineQuery, defineUpdate, setHandler, workflowInfo } from '@temporalio/workflow';
import { payloadOf } from '../../../src/shared/payloads.js';
import { utf8 } from '../../../src/shared/bytes.js';

/** What a target answers with. */
export type HostileAnswer =
  'names' | 'reference' | 'malformed-reference' | 'failure' | 'nothing-known' | 'wait';

/** What looks like a reference to the SDK's external storage. */
function reference(text: string): RawValue {
  const payload = payloadOf('json/protobuf', utf8(text));
  const messageType = utf8('temporal.api.sdk.v1.ExternalStorageReference');
  return RawValue.fromPayload({ ...payload, metadata: { ...payload.metadata, messageType } });
}

/** Its names, or what it was asked for. */
export default async function anyTarget(answer: HostileAnswer = 'names'): Promise<unknown> {
  const good = reference('{"driverName":"nowhere","claimData":{"key":"value"}}');
  setHandler(defineQuery('reference'), () => good);
  setHandler(defineUpdate('reference'), () => good);
  const { workflowType, workflowId, taskQueue } = workflowInfo();
  switch (answer) {
    case 'names':
      return { workflowType, workflowId, taskQueue };
    case 'reference':
      return good;
    case 'malformed-reference':
      return reference('{"driverName":7');
    case 'failure':
      throw ApplicationFailure.create({ type: 'Hostile', message: 'its own words', details: [good] });
    case 'nothing-known':
      return RawValue.fromPayload(payloadOf('nobody/knows', Uint8Array.of(0xff, 0xfe)));
    case 'wait':
      return condition(() => false);
  }
}
