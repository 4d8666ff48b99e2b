import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import protos from '@temporalio/proto';
import { fromUtf8, utf8 } from '../../../src/shared/bytes.js';

const { Payload: PayloadMessage } = protos.temporal.api.common.v1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A codec that notes what it was asked to read and had not written. */
export interface StrictCodec extends PayloadCodec {
  readonly refused: readonly string[];
}

/**
 * Encrypts payloads whole (AES-256-GCM), with a key that is made of a name. It throws on everything that it did not write
 * itself, as careful users' codecs do: whoever leaves a payload of his own in its way stops the worker.
 */
export function strictCodec(keyName: string): StrictCodec {
  const key = createHash('sha256').update(keyName).digest();
  const encoding = utf8(`binary/encrypted-${keyName}`);
  const refused: string[] = [];

  function encrypt(payload: Payload): Payload {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const plain = PayloadMessage.encode(payload).finish();
    const data = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { metadata: { encoding }, data };
  }

  function decrypt({ metadata, data }: Payload): Payload {
    const found = fromUtf8(metadata?.['encoding'] ?? new Uint8Array()) ?? '?';
    if (!data || found !== fromUtf8(encoding)) {
      refused.push(found);
      throw new Error(`not of ${keyName}: a payload of encoding ${found}`);
    }
    const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, IV_BYTES));
    decipher.setAuthTag(data.subarray(-TAG_BYTES));
    const plain = Buffer.concat([decipher.update(data.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    return PayloadMessage.decode(plain);
  }

  return {
    refused,
    encode: (payloads) => Promise.resolve(payloads.map(encrypt)),
    decode: (payloads) => Promise.resolve(payloads.map(decrypt)),
  };
}
