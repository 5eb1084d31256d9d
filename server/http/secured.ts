import type { MiddlewareHandler } from 'hono';
import { contentPolicy } from './csp.ts';

/** Of answers that are no pages. No Cross-Origin-Resource-Policy: who may read them is said by CORS. */
const STANDARD = {
  'cache-control': 'no-store',
  'content-security-policy': contentPolicy(),
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Headers that protect whoever gets the answer; what it says itself stays. */
export const secured: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(STANDARD)) if (!context.res.headers.has(name)) context.header(name, value);
};

/** What pages say themselves; without an origin, forms and workers of some browsers would come from nobody. */
export const pageHeaders = (type: string, policy: string) => ({
  'content-type': type,
  'content-security-policy': policy,
  'cache-control': 'no-cache',
  'referrer-policy': 'strict-origin',
});
