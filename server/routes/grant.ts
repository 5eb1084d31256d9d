import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { authenticateUser } from '../session/caller.ts';
import { giveGrant } from '../session/grant.ts';
import { readBody, text } from './body.ts';

const schema = z.object({
  maxBytes: z.int().min(1).optional(),
  maxFiles: z.int().min(1).max(100_000).optional(),
  contentTypes: z.array(text(255)).max(100).optional(),
  days: z.number().positive().max(30).optional(),
});

export async function grant(deps: Deps, request: Request) {
  const caller = await authenticateUser(deps, request);
  return giveGrant(deps, caller, await readBody(request, schema));
}
