import { createMd5, type Md5 } from './md5.ts';

/** Bytes read at a time. */
const CHUNK = 2 ** 20;

interface Hasher {
  md5: Md5;
  memory: ArrayBuffer;
}
const createHasher = (): Hasher => ({ md5: createMd5(), memory: new ArrayBuffer(CHUNK) });

/** Hashers at rest; each serves one message at a time, and one whose message broke off is not used again. */
const idle: Hasher[] = [];

const toBase64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const toHex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Blobs hashed at once: one is read from disk while the other is hashed. */
const AT_ONCE = 2;
/** One that yields fewer bytes in a second crawls, as a cloud picker's may: it goes on, and another has its place. */
const CRAWL = 2 ** 20;
let hashing = 0;
const queue: (() => void)[] = [];

/**
 * Base64 MD5 of the blob's bytes, as Content-MD5 wants it (RFC 1864); first come, first served, so that the first of many
 * files need not wait for all, and none for one that crawls. Rejects where the bytes cannot be read.
 */
export async function digestOf(blob: Blob): Promise<string> {
  if (hashing >= AT_ONCE) await new Promise<void>((resolve) => queue.push(resolve));
  else hashing++;
  let bytes = 0;
  let leave = () => {
    leave = () => {};
    const next = queue.shift();
    if (next) next();
    else hashing--;
  };
  const watch = setInterval(() => {
    if (bytes < CRAWL) leave();
    bytes = 0;
  }, 1000);
  try {
    const hasher = idle.pop() ?? createHasher();
    // As a stream the next bytes are read while these are hashed: twice the rate of reading a part at once.
    const read = readerOf(blob.stream(), hasher);
    for (let chunk = await read(); chunk; chunk = await read()) {
      bytes += chunk.length;
      hasher.md5.update(chunk);
    }
    idle.push(hasher);
    return toBase64(hasher.md5.digest());
  } finally {
    clearInterval(watch);
    leave();
  }
}

/** Reads into one and the same memory, where the browser can do that: else every file would leave its size in garbage. */
function readerOf(stream: ReadableStream<Uint8Array>, hasher: Hasher): () => Promise<Uint8Array | undefined> {
  try {
    const reader = stream.getReader({ mode: 'byob' });
    return async () => {
      const { done, value } = await reader.read(new Uint8Array(hasher.memory));
      hasher.memory = value?.buffer ?? new ArrayBuffer(CHUNK);
      return done ? undefined : value;
    };
  } catch {
    const reader = stream.getReader();
    return async () => (await reader.read()).value;
  }
}

/** S3's multipart ETag of parts with these digests, in order. */
export async function objectDigestOf(digests: string[]): Promise<string> {
  const hasher = idle.pop() ?? createHasher();
  for (const digest of digests) hasher.md5.update(fromBase64(digest));
  idle.push(hasher);
  return `${toHex(hasher.md5.digest())}-${digests.length}`;
}
