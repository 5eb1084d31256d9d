import type {
  AbortAnswer,
  CompleteAnswer,
  CompleteRequest,
  GrantAnswer,
  GrantRequest,
  InitAnswer,
  InitRequest,
  PauseAnswer,
  ResumeAnswer,
  ResumeRequest,
  SignAnswer,
  SignRequest,
} from '../server/contract/wire.ts';
import { RequestError } from './retry.ts';

type Calls = {
  grant: [GrantRequest, GrantAnswer];
  init: [InitRequest, InitAnswer];
  sign: [SignRequest, SignAnswer];
  complete: [CompleteRequest, CompleteAnswer];
  resume: [ResumeRequest, ResumeAnswer];
  pause: [{ resumeToken: string }, PauseAnswer];
  abort: [{ resumeToken: string }, AbortAnswer];
};

/** What a request carries to say who asks. */
export interface Identity {
  headers?: Record<string, string>;
  /** As `fetch` means it; for cookies. */
  credentials?: RequestCredentials | undefined;
}

/** The server is asked again after this silence; a long complete answers 409 before it. */
const SILENCE_MS = 45_000;

/** One call of the upload API; rejects with a `RequestError`. */
export async function callApi<Name extends keyof Calls>(
  endpoint: string,
  name: Name,
  body: Calls[Name][0],
  { headers, credentials }: Identity = {},
  signal?: AbortSignal,
): Promise<Calls[Name][1]> {
  const limit = AbortSignal.timeout(SILENCE_MS);
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    ...(credentials && { credentials }),
    body: JSON.stringify(body),
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  };
  const response = await fetch(`${endpoint}/${name}`, request).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined);
  signal?.throwIfAborted();
  if (response?.ok && answer?.success) return answer;
  // Only our envelope is the server's word: a captive portal or a proxy whose server is away says nothing of the upload.
  if (!response || response.ok || typeof answer?.error !== 'string') throw new RequestError({ status: 0 });
  throw new RequestError({
    status: response.status,
    code: answer.error,
    message: answer.message,
    retryAfter: Number(response.headers.get('retry-after')) || undefined,
    missing: answer.missing,
  });
}
