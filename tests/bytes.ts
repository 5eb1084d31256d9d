/** Random bytes and their digests: a file that nothing but the file itself can be mistaken for. */

import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

const CHUNK = 4 * 2 ** 20;

/** Lower-case hex, beside the number of bytes that went in. */
export interface Digests {
  size: number;
  md5: string;
  sha256: string;
}

export interface RandomFile extends Digests {
  path: string;
}

function digester() {
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  let size = 0;
  return {
    add(bytes: Uint8Array) {
      md5.update(bytes);
      sha256.update(bytes);
      size += bytes.byteLength;
    },
    digests: (): Digests => ({ size, md5: md5.digest('hex'), sha256: sha256.digest('hex') }),
  };
}

/** Digests of everything that comes out of `source`: a `Response.body`, a file, an S3 object's body. */
export async function digestsOf(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Digests> {
  const { add, digests } = digester();
  for await (const bytes of source) add(bytes);
  return digests();
}

export function fileDigests(path: string): Promise<Digests> {
  return digestsOf(createReadStream(path, { highWaterMark: CHUNK }));
}

/** Writes `size` random bytes to `path`, never holding more than a few MiB of them. */
export async function randomFile(path: string, size: number): Promise<RandomFile> {
  const { add, digests } = digester();
  const file = await open(path, 'w');
  try {
    for (let written = 0; written < size; ) {
      const bytes = randomFillSync(new Uint8Array(Math.min(CHUNK, size - written)));
      add(bytes);
      await file.writeFile(bytes);
      written += bytes.byteLength;
    }
  } finally {
    await file.close();
  }
  return { path, ...digests() };
}
