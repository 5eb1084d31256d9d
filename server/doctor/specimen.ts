import { createHash } from 'node:crypto';

/** What is uploaded for a test. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of the one part that most is tried with. */
export const SIZE = 1024;

/** As the server sends them. */
export const HEADERS = {
  contentType: 'application/octet-stream',
  contentDisposition: 'attachment; filename="doctor.bin"',
  metadata: { 'original-filename': 'doctor.bin', 'user-id': 'doctor', 'upload-started': new Date().toISOString() },
};

export const bytesOf = (size: number, seed = 0): Bytes => new Uint8Array(size).fill(0x70 + seed);

export const md5 = (bytes: Uint8Array, encoding: 'base64' | 'hex' = 'base64'): string =>
  createHash('md5').update(bytes).digest(encoding);
