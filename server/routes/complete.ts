import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { completeUpload } from '../session/complete.ts';
import { holdSession } from '../session/session.ts';
import { partNumberField, readBody, resumeTokenField, text } from './body.ts';

export const schema = z.object({
  resumeToken: resumeTokenField,
  parts: z
    .array(z.object({ partNumber: partNumberField, etag: text(255).describe('what the store answered to the PUT') }))
    .min(1)
    .max(10_000)
    .optional()
    .describe('what the caller believes to be stored; the store’s own list decides'),
  objectDigest: z
    .string()
    .regex(/^[0-9a-f]{32}-\d{1,5}$/, 'must be an MD5 of MD5s in hex, a dash and the number of parts')
    .optional()
    .describe('hex MD5 of the parts’ concatenated MD5s, a dash, the number of parts: what the object’s ETag must be'),
});

export async function complete(deps: Deps, request: Request) {
  const wish = await readBody(request, schema);
  return completeUpload(deps, await holdSession(deps, wish.resumeToken, request), wish);
}
