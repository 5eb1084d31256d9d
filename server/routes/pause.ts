import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { pauseUpload } from '../session/pause.ts';
import { holdSession } from '../session/session.ts';
import { readBody, resumeTokenField } from './body.ts';

export const schema = z.object({ resumeToken: resumeTokenField });

export async function pause(deps: Deps, request: Request) {
  const { resumeToken } = await readBody(request, schema);
  return pauseUpload(deps, await holdSession(deps, resumeToken, request));
}
