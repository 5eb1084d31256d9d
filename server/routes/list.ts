import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { authenticateUser } from '../session/caller.ts';
import { listUploads } from '../session/list.ts';
import { readQuery } from './body.ts';

export const schema = z.object({
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, 'must be a whole number from 1 to 100')
    .transform(Number)
    .optional()
    .describe('uploads on a page, 1 to 100; 50 unless told'),
  cursor: z.string().max(200).optional().describe('what the page before gave'),
  status: z
    .enum(['active', 'paused', 'completing', 'completed', 'aborted', 'failed'])
    .optional()
    .describe('only those'),
});

const STANDARD_LIMIT = 50;

export async function list(deps: Deps, request: Request) {
  const caller = await authenticateUser(deps, request);
  const { limit = STANDARD_LIMIT, ...rest } = readQuery(request, schema);
  return listUploads(deps, caller, { limit, ...rest });
}
