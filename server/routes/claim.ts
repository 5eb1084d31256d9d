import { z } from 'zod';
import { UploadError } from '../contract/errors.ts';
import type { Deps } from '../deps.ts';
import { authenticateUser } from '../session/caller.ts';
import { claimUpload } from '../session/claim.ts';
import { readBody, text } from './body.ts';

export const schema = z.object({
  sessionId: z.uuid().optional().describe('what `init` or the list told; this or `fingerprint` is needed'),
  fingerprint: text(255)
    .optional()
    .describe('the one that `init` was given: claims the newest open upload that has it'),
});

export async function claim(deps: Deps, request: Request) {
  const caller = await authenticateUser(deps, request);
  const { sessionId, fingerprint } = await readBody(request, schema);
  if (sessionId !== undefined) return claimUpload(deps, caller, { sessionId });
  if (fingerprint !== undefined) return claimUpload(deps, caller, { fingerprint });
  throw new UploadError('MISSING_REQUIRED_FIELDS', 'sessionId or fingerprint is missing.');
}
