/** A payload converter of a user: classes and kinds that JSON does not have, and a message in the wire format of protobuf. */
import {
  BinaryPayloadConverter,
  CompositePayloadConverter,
  JsonPayloadConverter,
  UndefinedPayloadConverter,
  ValueError,
} from '@temporalio/common';
import type { Payload, PayloadConverterWithEncoding } from '@temporalio/common';
import { decode, encode } from '@temporalio/common/lib/encoding.js';

/** A message of the user's, as generated code would have it. */
export class Order {
  readonly id: string;
  readonly quantity: number;
  constructor(id: string, quantity: number) {
    this.id = id;
    this.quantity = quantity;
  }
}

class OrderConverter implements PayloadConverterWithEncoding {
  readonly encodingType = 'binary/protobuf';

  toPayload(value: unknown): Payload | undefined {
    if (!(value instanceof Order)) return undefined;
    const id = encode(value.id);
    return {
      metadata: { encoding: encode(this.encodingType), messageType: encode('test.Order') },
      data: Uint8Array.from([0x0a, id.length, ...id, 0x10, value.quantity]),
    };
  }

  fromPayload<T>({ metadata, data }: Payload): T {
    const type = metadata?.['messageType'];
    const length = data?.[1];
    if (!data || !type || decode(type) !== 'test.Order' || length === undefined)
      throw new ValueError('not a test.Order');
    return new Order(decode(data.subarray(2, 2 + length)), data[3 + length] ?? 0) as T;
  }
}

class TaggedJsonConverter implements PayloadConverterWithEncoding {
  readonly encodingType = 'json/tagged';

  toPayload(value: unknown): Payload | undefined {
    const tagged = tag(value);
    if (!tagged) return undefined;
    return {
      metadata: { encoding: encode(this.encodingType) },
      data: encode(JSON.stringify(tagged)),
    };
  }

  fromPayload<T>({ data }: Payload): T {
    const [kind, value] = JSON.parse(decode(data ?? new Uint8Array())) as ['bigint' | 'date' | 'map', never];
    switch (kind) {
      case 'bigint':
        return BigInt(value) as T;
      case 'date':
        return new Date(value) as T;
      case 'map':
        return new Map(value) as T;
    }
  }
}

function tag(value: unknown): [string, unknown] | undefined {
  if (typeof value === 'bigint') return ['bigint', String(value)];
  if (value instanceof Date) return ['date', value.toISOString()];
  if (value instanceof Map) return ['map', [...value]];
  return undefined;
}

/** What `payloadConverterPath` looks for. */
export const payloadConverter = new CompositePayloadConverter(
  new UndefinedPayloadConverter(),
  new BinaryPayloadConverter(),
  new OrderConverter(),
  new TaggedJsonConverter(),
  new JsonPayloadConverter(),
);
