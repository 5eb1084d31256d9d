import type { MiddlewareHandler } from 'hono';
import { BucketError } from '../errors.ts';
import { allowing, type CorsRule } from './cors.ts';

const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';

function allowed(rule: CorsRule, origin: string): Record<string, string> {
  return { 'access-control-allow-origin': rule.origins.includes('*') ? '*' : origin, vary: VARY };
}

function preflight(request: Request, rules: CorsRule[]): Response {
  const refused = new BucketError('AccessForbidden', 'CORSResponse: this CORS request is not allowed by the bucket.', {
    vary: VARY,
  });
  const origin = request.headers.get('origin');
  const method = request.headers.get('access-control-request-method');
  const asked = request.headers.get('access-control-request-headers') ?? '';
  if (!origin || !method) throw refused;
  const headers = asked
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const rule = allowing(rules, { origin, method, headers });
  if (!rule) throw refused;
  const answer = new Headers(allowed(rule, origin));
  answer.set('access-control-allow-methods', rule.methods.join(', '));
  if (headers.length) answer.set('access-control-allow-headers', headers.join(', '));
  if (rule.exposed.length) answer.set('access-control-expose-headers', rule.exposed.join(', '));
  if (rule.maxAge !== undefined) answer.set('access-control-max-age', String(rule.maxAge));
  return new Response(null, { headers: answer });
}

/**
 * Answers preflights, which carry no signature, and lets pages of allowed origins read every answer, refusals too: a
 * page that cannot read a 403 cannot know that it should sign again.
 */
export function crossing(rulesFor: (request: Request) => CorsRule[]): MiddlewareHandler {
  return async (c, next) => {
    const request = c.req.raw;
    if (request.method === 'OPTIONS') return preflight(request, rulesFor(request));
    await next();
    const origin = request.headers.get('origin');
    if (!origin) return;
    const rule = allowing(rulesFor(request), { origin, method: request.method, headers: [] });
    if (!rule) return void c.res.headers.set('vary', VARY);
    for (const [name, value] of Object.entries(allowed(rule, origin))) c.res.headers.set(name, value);
    if (rule.exposed.length) c.res.headers.set('access-control-expose-headers', rule.exposed.join(', '));
  };
}
