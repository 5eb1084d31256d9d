import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { abortUpload } from '../session/abort.ts';
import { holdSession } from '../session/session.ts';
import { readBody, resumeTokenField } from './body.ts';

export const schema = z.object({ resumeToken: resumeTokenField });

export async function abort(deps: Deps, request: Request) {
  const { resumeToken } = await readBody(request, schema);
  return abortUpload(deps, await holdSession(deps, resumeToken, request));
}
