/** The API as a stranger's program uses it: fetch and JSON, nothing of ours but the wire's types and the document. */

import { createHash, randomBytes } from 'node:crypto';
import type { ErrorCode } from '../../server/contract/errors.ts';
import {
  type AbortAnswer,
  BASE_PATH,
  type BatchAnswer,
  type BatchCall,
  type BatchedAnswer,
  type ClaimAnswer,
  type CompleteAnswer,
  type GrantAnswer,
  type InitAnswer,
  type ListAnswer,
  type PartUrl,
  type PauseAnswer,
  type ProgressAnswer,
  type ResumeAnswer,
  type SignAnswer,
} from '../../server/contract/wire.ts';
import type { CallName as AnyCall } from '../../server/docs/remedies.ts';
import { assertPublished } from './published.ts';

interface Answers {
  grant: GrantAnswer;
  init: InitAnswer;
  claim: ClaimAnswer;
  sign: SignAnswer;
  resume: ResumeAnswer;
  pause: PauseAnswer;
  complete: CompleteAnswer;
  abort: AbortAnswer;
  batch: BatchAnswer;
}

export type CallName = keyof Answers;
/** All that are POSTed. */
export const CALLS: CallName[] = ['grant', 'init', 'claim', 'sign', 'resume', 'pause', 'complete', 'abort', 'batch'];
/** The paths of all that are asked with GET: `progress` and the list. */
export const READS = ['/progress', '', '/'];

export interface Answer<T> {
  status: number;
  headers: Headers;
  /** Seconds; undefined where the header is missing. */
  retryAfter: number | undefined;
  body: Omit<T, 'success'> & { success: boolean; error?: ErrorCode; message?: string; missing?: number[] };
}

export type Api = ReturnType<typeof apiAt>;

/** The calls of the server at `url`, with `credentials` unless a call says otherwise. */
export function apiAt(url: string, credentials: Record<string, string> = { 'x-api-key': 'dev' }) {
  async function call<Name extends CallName>(
    name: Name,
    body: object,
    headers: Record<string, string> = credentials,
  ): Promise<Answer<Answers[Name]>> {
    return answerOf(
      name,
      await fetch(`${url}${BASE_PATH}/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    );
  }
  return {
    url,
    credentials,
    call,
    /** How the upload of `resumeToken` stands; `headers` may say more of who asks. */
    progress: async (resumeToken: string, headers: Record<string, string> = {}) =>
      answerOf<ProgressAnswer>(
        'progress',
        await fetch(`${url}${BASE_PATH}/progress`, { headers: { 'x-resume-token': resumeToken, ...headers } }),
      ),
    list: async (query: Record<string, string> = {}, headers = credentials) =>
      answerOf<ListAnswer>('list', await fetch(`${url}${BASE_PATH}?${new URLSearchParams(query)}`, { headers })),
    /** All calls in one request; throws where that is refused as a whole. Answers have each its place and its type. */
    async batch<const Names extends BatchCall['call'][]>(
      calls: { [At in keyof Names]: BatchCall<Names[At]> },
      headers: Record<string, string> = credentials,
    ) {
      const { answers } = granted(await call('batch', { calls }, headers));
      for (const [at, { status, retryAfter: _, ...answer }] of answers.entries()) {
        const { sessionStatus, ...rest } = answer as { sessionStatus?: string; error?: ErrorCode };
        assertPublished(calls[at]!.call, status, { ...rest, ...(sessionStatus && { status: sessionStatus }) });
      }
      return answers as { [At in keyof Names]: BatchedAnswer<Names[At]> & { message?: string; error?: ErrorCode } };
    },
    /** Begins a file; throws where the server refuses. */
    async begin(file: { size: number; name?: string; type?: string }, more: object = {}, key?: string) {
      const { size: fileSize, name: filename = 'film.bin', type: contentType = 'video/mp4' } = file;
      const headers = { ...credentials, ...(key !== undefined && { 'idempotency-key': key }) };
      return granted(await call('init', { filename, fileSize, contentType, ...more }, headers));
    },
  };
}

/** Throws where the answer is not what `/openapi.json` says. */
async function answerOf<T>(call: AnyCall, response: Response): Promise<Answer<T>> {
  const retryAfter = response.headers.get('retry-after');
  const body = (await response.json()) as Answer<T>['body'];
  assertPublished(call, response.status, body);
  return {
    status: response.status,
    headers: response.headers,
    retryAfter: retryAfter === null ? undefined : Number(retryAfter),
    body,
  };
}

/** The answer's body; throws where it is a refusal. */
export function granted<T>({ status, body }: Answer<T>): Answer<T>['body'] {
  if (status !== 200) throw new Error(`${status} ${body.error}: ${body.message}`);
  return body;
}

/** `[status, code]`, as `[200, undefined]`. */
export const told = ({ status, body }: Answer<object>): [number, string | undefined] => [status, body.error];

export const random = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(size));

export const md5 = (bytes: Uint8Array, encoding: 'hex' | 'base64' = 'base64'): string =>
  createHash('md5').update(bytes).digest(encoding);

/** Parts of `partSize` bytes; an empty file has one empty part. */
export function cut(bytes: Uint8Array<ArrayBuffer>, partSize: number): Uint8Array<ArrayBuffer>[] {
  const count = Math.max(1, Math.ceil(bytes.length / partSize));
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * partSize, (at + 1) * partSize));
}

/** What a digest caller sends along. */
export function digestsFor(bytes: Uint8Array<ArrayBuffer>, partSize: number) {
  return cut(bytes, partSize).map((part, at) => ({ partNumber: at + 1, digest: md5(part) }));
}

/** S3's multipart ETag, from digests in base64. */
export function objectDigest(parts: { digest: string }[]): string {
  const all = Buffer.concat(parts.map(({ digest }) => Buffer.from(digest, 'base64')));
  return `${md5(all, 'hex')}-${parts.length}`;
}

/** PUTs `body` as the answer says; the status and the store's own error code. */
export async function put({ url, headers }: Pick<PartUrl, 'url' | 'headers'>, body: Uint8Array<ArrayBuffer>) {
  const response = await fetch(url, { method: 'PUT', body, headers });
  const text = await response.text();
  return { status: response.status, code: /<Code>(.*?)<\/Code>/.exec(text)?.[1] };
}

/** PUTs every part that `urls` are for, some at a time; throws where the store refuses one. */
export async function putAll(urls: PartUrl[], bytes: Uint8Array<ArrayBuffer>, lanes = 4): Promise<void> {
  const queue = urls.values();
  const lane = async () => {
    for (const url of queue) {
      const { status, code } = await put(url, bytes.subarray(url.start, url.end + 1));
      if (status !== 200) throw new Error(`part ${url.partNumber}: ${status} ${code}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Asks again, as long as the server says that it needs time and when to come back. */
export async function patiently<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  for (;;) {
    const answer = await ask();
    if (answer.retryAfter === undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, answer.retryAfter! * 1000));
  }
}
