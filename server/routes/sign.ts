import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { holdSession } from '../session/session.ts';
import { signParts } from '../session/sign.ts';
import { digestField, partNumberField, readBody, resumeTokenField } from './body.ts';

export const schema = z.object({
  resumeToken: resumeTokenField,
  parts: z
    .array(z.object({ partNumber: partNumberField, digest: digestField.optional() }))
    .max(1000)
    .describe('those to be sent next'),
  stored: z
    .array(partNumberField)
    .max(10_000)
    .optional()
    .describe('parts that the store has taken since the last call'),
  reconcile: z.boolean().optional().describe('asks the store what it has first; parts found there get no URL'),
});

export async function sign(deps: Deps, request: Request) {
  const wish = await readBody(request, schema);
  return signParts(deps, await holdSession(deps, wish.resumeToken, request), wish);
}
