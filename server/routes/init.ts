import { z } from 'zod';
import { UploadError } from '../contract/errors.ts';
import type { Deps } from '../deps.ts';
import { beginSession } from '../session/begin.ts';
import { authenticate } from '../session/caller.ts';
import { LONGEST_METADATA, METADATA_NAME } from '../session/policy.ts';
import { digestField, partNumberField, readBody, text } from './body.ts';

const schema = z.object({
  // However long: the body's limit is its own.
  filename: text(),
  fileSize: z.int().min(0),
  contentType: text(255).regex(
    /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *;[\x20-\x7e]*)?$/,
    'must be a media type such as video/mp4',
  ),
  provider: z.enum(['S3', 'R2']).optional(),
  partSize: z.int().min(1).optional(),
  metadata: z
    .record(z.string().regex(METADATA_NAME, 'must be letters, digits and dashes'), text(LONGEST_METADATA))
    .optional(),
  partUrlCount: z.int().min(0).max(10_000).optional(),
  parts: z
    .array(z.object({ partNumber: partNumberField, digest: digestField }))
    .min(1)
    .max(1000)
    .optional(),
  fingerprint: text(255).optional(),
});
const keySchema = text(255);

export async function init(deps: Deps, request: Request) {
  const caller = await authenticate(deps, request);
  const wish = await readBody(request, schema);
  const key = request.headers.get('idempotency-key');
  if (key !== null && !keySchema.safeParse(key).success)
    throw new UploadError('INVALID_REQUEST', 'Idempotency-Key must have 1 to 255 characters.');
  return beginSession(deps, caller, wish, key);
}
