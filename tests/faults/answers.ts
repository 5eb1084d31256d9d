/** What stands in for a server's answer, and which requests get it. */

import type { Answer, Predicate } from './rules.ts';

/** The first `count` requests that match. */
export function first(count: number, matches: Predicate): Predicate {
  let left = count;
  return (seen) => left > 0 && matches(seen) && left-- > 0;
}

/** The same answer, which a page of `origin` may read whole. */
export const allowing = (origin: string, answer: Answer): Answer => ({
  ...answer,
  headers: {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'ETag, Retry-After',
    ...answer.headers,
  },
});

/** What a captive portal says to everything. */
export const PORTAL: Answer = {
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<!doctype html><title>Welcome</title><p>Please accept our terms to use this network.',
};

/** An error as S3 tells it. */
export const s3Error = (status: number, code: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/xml', ...headers },
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
});

/** An error as our server tells it. */
export const apiError = (status: number, code: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ success: false, error: code, message: code }),
});
