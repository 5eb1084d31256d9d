import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { resumeSession } from '../session/resume.ts';
import { holdSession } from '../session/session.ts';
import { readBody, resumeTokenField } from './body.ts';

export const schema = z.object({
  resumeToken: resumeTokenField,
  partUrlCount: z.int().min(0).max(10_000).optional().describe('URLs to answer with at most'),
});

export async function resume(deps: Deps, request: Request) {
  const wish = await readBody(request, schema);
  return resumeSession(deps, await holdSession(deps, wish.resumeToken, request), wish);
}
