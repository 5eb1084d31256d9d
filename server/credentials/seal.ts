import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Random } from '../token.ts';

/** Keeps these keys apart from whatever else is made of the same secret. */
const PURPOSE = 'partway: credentials of a request, 1';
const CIPHER = 'aes-256-gcm';
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** HKDF (RFC 5869): the id tells a key from that of another secret, and nothing of the key. */
function keyOf(secret: string) {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', PURPOSE, ID_BYTES + 32));
  return { id: bytes.subarray(0, ID_BYTES), key: bytes.subarray(ID_BYTES) };
}

const bound = (id: Buffer, sessionId: string): Buffer => Buffer.concat([id, Buffer.from(sessionId)]);

/** `text` under `secret`, for this session alone: key id, nonce, AES-256-GCM (NIST SP 800-38D) and its tag. */
export function seal(secret: string, sessionId: string, text: string, random: Random): Uint8Array {
  const { id, key } = keyOf(secret);
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(bound(id, sessionId));
  return Buffer.concat([id, nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** What was sealed for the session under one of `secrets`; undefined where it was not, or not like this. */
export function unseal(secrets: string[], sessionId: string, sealed: Uint8Array): string | undefined {
  const bytes = Buffer.from(sealed);
  const at = ID_BYTES + NONCE_BYTES;
  if (bytes.length < at + TAG_BYTES) return undefined;
  const found = secrets.map(keyOf).find(({ id }) => id.equals(bytes.subarray(0, ID_BYTES)));
  if (!found) return undefined;
  const decipher = createDecipheriv(CIPHER, found.key, bytes.subarray(ID_BYTES, at), { authTagLength: TAG_BYTES })
    .setAAD(bound(found.id, sessionId))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(at, -TAG_BYTES)), decipher.final()]).toString();
  } catch {
    return undefined;
  }
}
