/** Holds every answer that a test gets against the document that the server publishes. */

import { z } from 'zod';
import { describeApi } from '../../server/docs/document.ts';
import type { CallName } from '../../server/docs/remedies.ts';

const { paths, components } = describeApi();
const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
/** JSON Schema on its own looks for others below `$defs`. */
const $defs = JSON.parse(JSON.stringify(components.schemas).replaceAll('#/components/schemas/', '#/$defs/'));
const checks = new Map<string, z.ZodType>();

/** What checks a value by the component of that name, as the document has it. */
export function checkOf(name: string): z.ZodType {
  const check = checks.get(name) ?? z.fromJSONSchema({ ...$defs[name], $defs });
  checks.set(name, check);
  return check;
}

/** Throws where the answer of `call` is not exactly what the document says. */
export function assertPublished(call: CallName, status: number, body: { error?: unknown }): void {
  const response = operations.find(({ operationId }) => operationId === call)!.responses[status];
  const codes = response?.['x-errors']?.map(({ code }) => code);
  if (!response || (codes && !codes.some((code) => code === body.error)))
    throw new Error(`${call} answers ${status} ${body.error}, which is not in the document`);
  const { $ref } = response.content['application/json'].schema;
  const { error } = checkOf($ref?.split('/').at(-1) ?? 'ErrorAnswer').safeParse(body);
  if (error) throw new Error(`${call} ${status} is not what the document says: ${z.prettifyError(error)}`);
}
