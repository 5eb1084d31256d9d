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
  idleSeconds: z
    .int()
    .min(0)
    .max(31_536_000)
    .optional()
    .describe('only an upload of which the server has heard nothing for so many seconds'),
});

export async function claim(deps: Deps, request: Request) {
  const caller = await authenticateUser(deps, request);
  const { sessionId, fingerprint, idleSeconds } = await readBody(request, schema);
  if (sessionId !== undefined) return claimUpload(deps, caller, { sessionId }, idleSeconds);
  if (fingerprint !== undefined) return claimUpload(deps, caller, { fingerprint }, idleSeconds);
  throw new UploadError('MISSING_REQUIRED_FIELDS', 'sessionId or fingerprint is missing.');
}
