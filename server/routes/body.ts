import { z } from 'zod';
import { type ErrorCode, UploadError } from '../contract/errors.ts';
import { isCarried } from '../session/policy.ts';

/** A Complete with 10,000 parts is about 700 kB. */
const LARGEST_BODY = 2 * 2 ** 20;
/** No request of ours has more than four; whoever sends ten thousand is after the parser's stack. */
const DEEPEST_BODY = 16;
const [QUOTE, BACKSLASH, BRACKET, BRACE] = [...'"\\[{'].map((char) => char.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];

/** Which code a fault in a field has; others are `INVALID_REQUEST`. */
const FIELD_CODES: Record<string, ErrorCode> = {
  partSize: 'INVALID_PART_SIZE',
  provider: 'INVALID_PROVIDER',
  resumeToken: 'MISSING_RESUME_TOKEN',
};

/** Without `longest` as long as the body may be. */
export const text = (longest?: number) =>
  (longest === undefined ? z.string().min(1) : z.string().min(1).max(longest)).refine(
    isCarried,
    'must have no NUL and be well-formed Unicode',
  );

export const resumeTokenField = text(200).describe('what `init`, `resume` or `claim` gave');
export const partNumberField = z.int().min(1).max(10_000).describe('1 for the first');
/** Base64 of 16 bytes: a Content-MD5 (RFC 1864). */
export const digestField = z
  .string()
  .regex(/^[A-Za-z0-9+/]{21}[AQgw]==$/, 'must be the base64 of an MD5, as in Content-MD5')
  .describe('base64 of the MD5 of the part’s bytes, as in Content-MD5');

/** The request's JSON, checked; throws a 4xx of ours for anything else. */
export async function readBody<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw new UploadError('UNSUPPORTED_MEDIA_TYPE', 'Send JSON with Content-Type: application/json.');
  const body = await limitedText(request);
  if (isDeeper(body, DEEPEST_BODY))
    throw new UploadError('INVALID_REQUEST', `The body is nested deeper than ${DEEPEST_BODY} levels.`);
  return checked(parseJson(body), schema);
}

/** The parameters of the request's address, checked in the same way; of several of one name the last counts. */
export function readQuery<T>(request: Request, schema: z.ZodType<T>): T {
  return checked(Object.fromEntries(new URL(request.url).searchParams), schema);
}

function checked<T>(input: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw faultOf(parsed.error.issues[0]!);
}

/** Whether brackets outside of strings lie in one another more than `most` times. Bun takes half a second for a regex. */
function isDeeper(json: string, most: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) quoted = !quoted;
    else if (quoted && code === BACKSLASH) at++;
    else if (!quoted && (code === BRACKET || code === BRACE) && ++depth > most) return true;
    else if (!quoted && (code === BRACKET + 2 || code === BRACE + 2)) depth--;
  }
  return false;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new UploadError('INVALID_REQUEST', 'The body is not valid JSON.');
  }
}

async function limitedText(request: Request): Promise<string> {
  const tooLarge = () => new UploadError('BODY_TOO_LARGE', `The body is larger than ${LARGEST_BODY} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > LARGEST_BODY) throw tooLarge();
  const decoder = new TextDecoder();
  let size = 0;
  let body = '';
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > LARGEST_BODY) throw tooLarge();
    body += decoder.decode(chunk, { stream: true });
  }
  return body + decoder.decode();
}

function faultOf(issue: z.core.$ZodIssue): UploadError {
  const field = issue.path.map(String).join('.');
  const absent = issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
  const named = FIELD_CODES[String(issue.path[0])];
  if (field === 'parts' && issue.code === 'invalid_type')
    return new UploadError('MISSING_PARTS', absent ? 'parts is required: send an array.' : 'parts must be an array.');
  // Where an array may be too short, none at all will do.
  if (field === 'parts' && issue.code === 'too_small')
    return new UploadError('MISSING_PARTS', 'parts must have at least one part, or be left out.');
  if (absent && !named && field) return new UploadError('MISSING_REQUIRED_FIELDS', `${field} is missing.`);
  return new UploadError(named ?? 'INVALID_REQUEST', `${field || 'The body'}: ${issue.message}.`);
}
