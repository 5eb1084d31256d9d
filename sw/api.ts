import type {
  AbortAnswer,
  ClaimAnswer,
  ClaimRequest,
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

/** What each call sends and gets. */
export type Calls = {
  grant: [GrantRequest, GrantAnswer];
  init: [InitRequest, InitAnswer];
  sign: [SignRequest, SignAnswer];
  complete: [CompleteRequest, CompleteAnswer];
  resume: [ResumeRequest, ResumeAnswer];
  pause: [{ resumeToken: string }, PauseAnswer];
  abort: [{ resumeToken: string }, AbortAnswer];
  claim: [ClaimRequest, ClaimAnswer];
};

/** What a request carries to say who asks. */
export interface Identity {
  headers?: Record<string, string>;
  /** As `fetch` means it; for cookies. */
  credentials?: RequestCredentials | undefined;
}

/** The server is asked again after this silence; a long complete answers 409 before it. */
const SILENCE_MS = 45_000;

/** One call of the upload API; rejects with a `RequestError`, or with the signal's reason. */
export const callApi = <Name extends keyof Calls>(
  endpoint: string,
  name: Name,
  body: Calls[Name][0],
  identity?: Identity,
  signal?: AbortSignal,
): Promise<Calls[Name][1]> => post(`${endpoint}/${name}`, body, identity, signal);

export async function post<Answer>(
  url: string,
  body: unknown,
  { headers, credentials }: Identity = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const limit = AbortSignal.timeout(SILENCE_MS);
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    ...(credentials && { credentials }),
    body: JSON.stringify(body),
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  };
  const response = await fetch(url, request).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined);
  signal?.throwIfAborted();
  return answerOf<Answer>(response?.status ?? 0, answer, Number(response?.headers.get('retry-after')));
}

/** The answer where it is one of success; throws a `RequestError` where not. */
export function answerOf<Answer>(
  status: number,
  answer: { success?: boolean; error?: unknown; message?: string; missing?: number[] } | undefined,
  retryAfter: number | undefined,
): Answer {
  const succeeded = status >= 200 && status <= 299;
  if (succeeded && answer?.success) return answer as Answer;
  // Only our envelope is the server's word: a captive portal or a proxy whose server is away says nothing of the upload.
  if (!status || succeeded || typeof answer?.error !== 'string') throw new RequestError({ status: 0 });
  const { error: code, message, missing } = answer;
  throw new RequestError({ status, code, message, retryAfter: retryAfter || undefined, missing });
}
