import { z } from 'zod';
import { UploadError } from '../contract/errors.ts';
import { bringsCredentials, CREDENTIAL_FIELDS, type CredentialField } from '../credentials/credentials.ts';
import type { Deps } from '../deps.ts';
import { beginSession } from '../session/begin.ts';
import { assertMayBring } from '../session/bring.ts';
import { authenticate } from '../session/caller.ts';
import { LONGEST_METADATA, METADATA_NAME } from '../session/policy.ts';
import { digestField, partNumberField, readBody, text } from './body.ts';

/** What is missing or wrong in them is told all at once, elsewhere. */
const credentials = Object.fromEntries(
  CREDENTIAL_FIELDS.map((field) => [
    field,
    z.string().max(256).optional().describe('of a bucket of the caller’s own, where that is allowed'),
  ]),
) as Record<CredentialField, z.ZodOptional<z.ZodString>>;

export const schema = z.object({
  filename: text().describe(
    'the file’s own name, as long as the body may be; decides nothing but what a download is called',
  ),
  fileSize: z.int().min(0).describe('bytes'),
  contentType: text(255)
    .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *;[\x20-\x7e]*)?$/, 'must be a media type such as video/mp4')
    .describe('media type, kept with the object'),
  provider: z.enum(['S3', 'R2']).optional().describe('which bucket, where both are configured'),
  partSize: z.int().min(1).optional().describe('bytes of every part but the last; the server chooses unless told'),
  metadata: z
    .record(z.string().regex(METADATA_NAME, 'must be letters, digits and dashes'), text(LONGEST_METADATA))
    .optional()
    .describe('kept with the object; names are letters, digits and dashes'),
  partUrlCount: z.int().min(0).max(10_000).optional().describe('URLs to answer with at most, from the first part on'),
  parts: z
    .array(z.object({ partNumber: partNumberField, digest: digestField }))
    .min(1)
    .max(1000)
    .optional()
    .describe('the first parts with their digests: binds their URLs to these bytes'),
  fingerprint: text(255).optional().describe('the caller’s own mark of the file, for `claim`'),
  ...credentials,
});
export const keySchema = text(255).describe('the same key and file again answer with the session that the first began');

export async function init(deps: Deps, request: Request) {
  const caller = await authenticate(deps, request);
  const wish = await readBody(request, schema);
  if (bringsCredentials(wish)) assertMayBring(deps, caller, request.headers);
  const key = request.headers.get('idempotency-key');
  if (key !== null && !keySchema.safeParse(key).success)
    throw new UploadError('INVALID_REQUEST', 'Idempotency-Key must have 1 to 255 characters.');
  return beginSession(deps, caller, wish, key);
}
