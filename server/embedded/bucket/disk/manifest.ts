import { createHash } from 'node:crypto';
import type { Checksum } from '../body/digests.ts';

/** A file that holds a piece of an object, in the object's order. */
export interface Piece {
  /** Path below the bucket's folder. Made by the bucket, never from a key. */
  file: string;
  /** Bytes. */
  size: number;
}

/** An object: what it is called and which files it is made of. The object exists when this is in its place. */
export interface Manifest {
  key: string;
  size: number;
  /** Without quotes. */
  etag: string;
  /** Milliseconds since 1970. */
  modified: number;
  /** Headers given back as they were sent: content-type, content-disposition, x-amz-meta-* and the like. */
  headers: Record<string, string>;
  checksum?: { algorithm: Checksum['algorithm']; value: string; type: 'COMPOSITE' | 'FULL_OBJECT' };
  pieces: Piece[];
  /** The file or folder that goes when the object goes. */
  data: string;
  /** The upload that it was put together by. */
  upload?: string;
}

/** The file name of a key's manifest: a hash, so that no key can be a path. */
export function manifestName(key: string): string {
  return `${createHash('sha256').update(key).digest('hex')}.json`;
}
