/** `sign` window by window, of uploads that stand in the database alone: no store is asked. */

import { createHash } from 'node:crypto';
import { random } from '../api/client.ts';
import { query } from '../api/serve.ts';
import { writeSession } from './rows.ts';
import type { BenchServer, Scene } from './scene.ts';

const PARTS = 10_000;

/** What every part is made of, and its digest. */
export const part = random(1024);
export const digest = createHash('md5').update(part).digest('base64');
/** Beside its size, what begins an upload of such parts. */
export const file = { filename: 'film.mov', contentType: 'video/quicktime', partSize: part.length };

/** Tokens of `count` uploads of `parts` parts. */
export async function writeSessions({ bucket }: Scene, admin: string, count: number, parts = PARTS): Promise<string[]> {
  const upload = { key: 'uploads/bench', uploadId: 'a-store-is-not-asked' };
  const write = () => query(admin, (sql) => writeSession(sql, bucket, upload, { parts }));
  return (await Promise.all(Array.from({ length: count }, write))).map(({ token }) => token);
}

/**
 * The next `count` parts wanted and those before them reported, of whichever upload is not being signed for: no two
 * calls want one row. Each upload is good for 10,000 / `count` calls, less two.
 */
export function signing(call: BenchServer['call'], tokens: string[], count: number) {
  const free = tokens.map((resumeToken) => ({ resumeToken, at: 0 }));
  return async () => {
    const upload = free.shift()!;
    const stored = Array.from({ length: count }, (_, n) => upload.at + n + 1);
    const parts = stored.map((number) => ({ partNumber: number + count, digest }));
    await call('/sign', {}, { resumeToken: upload.resumeToken, parts, stored });
    upload.at += count;
    free.push(upload);
  };
}
