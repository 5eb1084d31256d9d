import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { authenticateUser } from '../session/caller.ts';
import { giveGrant } from '../session/grant.ts';
import { readBody, text } from './body.ts';

export const schema = z.object({
  maxBytes: z.int().min(1).optional().describe('bytes of all files together; 50 GiB unless told'),
  maxFiles: z.int().min(1).max(100_000).optional().describe('1000 unless told'),
  contentTypes: z.array(text(255)).max(100).optional().describe('the only ones it may begin; empty for all'),
  days: z.number().positive().max(30).optional().describe('how long it lives; 7 unless told'),
});

export async function grant(deps: Deps, request: Request) {
  const caller = await authenticateUser(deps, request);
  return giveGrant(deps, caller, await readBody(request, schema));
}
