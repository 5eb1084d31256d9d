import type {
  AbortAnswer,
  CompleteAnswer,
  CompleteRequest,
  GrantAnswer,
  GrantRequest,
  InitAnswer,
  InitRequest,
  SignAnswer,
  SignRequest,
} from '../server/contract/wire.ts';
import { RequestError } from './retry.ts';

type Calls = {
  grant: [GrantRequest, GrantAnswer];
  init: [InitRequest, InitAnswer];
  sign: [SignRequest, SignAnswer];
  complete: [CompleteRequest, CompleteAnswer];
  abort: [{ resumeToken: string }, AbortAnswer];
};

/** The server is asked again after this silence; a long complete answers 409 before it. */
const SILENCE_MS = 45_000;

/** One call of the upload API; rejects with a `RequestError`. */
export async function callApi<Name extends keyof Calls>(
  endpoint: string,
  name: Name,
  body: Calls[Name][0],
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Calls[Name][1]> {
  const limit = AbortSignal.timeout(SILENCE_MS);
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  };
  const response = await fetch(`${endpoint}/${name}`, request).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined);
  signal?.throwIfAborted();
  if (response?.ok && answer?.success) return answer;
  // Only our envelope is the server's word: a captive portal or a proxy whose server is away says nothing of the upload.
  if (!response || response.ok || typeof answer?.error !== 'string') throw new RequestError({ kind: 'network' });
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  throw new RequestError({
    kind: 'status',
    status: response.status,
    code: answer?.error,
    message: answer?.message,
    ...(Number.isFinite(retryAfter) && { retryAfter }),
    ...(answer?.missing && { missing: answer.missing }),
  });
}
