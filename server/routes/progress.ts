import { UploadError } from '../contract/errors.ts';
import type { ProgressAnswer } from '../contract/wire.ts';
import type { Deps } from '../deps.ts';
import { resumeTokenOf } from '../session/caller.ts';
import { standingOf } from '../session/progress.ts';
import { holdSession } from '../session/session.ts';

export async function progress(deps: Deps, request: Request): Promise<ProgressAnswer> {
  const token = resumeTokenOf(request.headers);
  if (!token)
    throw new UploadError(
      'MISSING_RESUME_TOKEN',
      'Send the resume token in X-Resume-Token, or as Authorization: Bearer.',
    );
  const { session } = await holdSession(deps, token, request);
  return { success: true, ...standingOf(session) };
}
