import { createMd5, type Md5 } from './md5.ts';

/** Hashers at rest; each serves one message at a time, and one whose message broke off is not used again. */
const idle: Md5[] = [];

const toBase64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const toHex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Blobs hashed at once: one is read from disk while the other is hashed. */
const AT_ONCE = 2;
let hashing = 0;
const queue: (() => void)[] = [];

/**
 * Base64 MD5 of the blob's bytes, as Content-MD5 wants it (RFC 1864); first come, first served, so that the first of many
 * files need not wait for all. Rejects where the bytes cannot be read.
 */
export async function digestOf(blob: Blob): Promise<string> {
  if (hashing >= AT_ONCE) await new Promise<void>((resolve) => queue.push(resolve));
  else hashing++;
  try {
    return await hash(blob);
  } finally {
    const next = queue.shift();
    if (next) next();
    else hashing--;
  }
}

async function hash(blob: Blob): Promise<string> {
  const md5 = idle.pop() ?? createMd5();
  // As a stream the next bytes are read while these are hashed: twice the rate of reading a part at once.
  const reader = blob.stream().getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) md5.update(chunk.value);
  idle.push(md5);
  return toBase64(md5.digest());
}

/** S3's multipart ETag of parts with these digests, in order. */
export async function objectDigestOf(digests: string[]): Promise<string> {
  const md5 = idle.pop() ?? createMd5();
  for (const digest of digests) md5.update(fromBase64(digest));
  idle.push(md5);
  return `${toHex(md5.digest())}-${digests.length}`;
}
