import { Hono } from 'hono';
import { freshName } from './disk/durable.ts';
import { openStore, type Store } from './disk/store.ts';
import { errorResponse, refusalOf } from './errors.ts';
import { exchangeOf } from './exchange.ts';
import { type CorsRule, corsRules } from './http/cors.ts';
import { crossing } from './http/crossing.ts';
import { operationOf } from './operations/table.ts';
import { verification } from './signature/verification.ts';
import { targetOf } from './target.ts';

/** How an embedded bucket is made. */
export interface BucketOptions {
  /** Where everything is kept; made where missing. One process at a time may use it. */
  folder: string;
  accessKey: string;
  secretKey: string;
  /** Names of buckets that exist from the start, as `['uploads']`. */
  buckets: string[];
  /** Origins of pages that may PUT, GET and HEAD where a bucket has no CORS configuration of its own. Asked each time. */
  origins: () => string[];
  /** The time by which URLs expire. */
  clock?: () => Date;
  /** Bytes that every part but the last must have; 5 MiB unless given. */
  smallestPart?: number;
}

/** A subset of S3 over a folder, path style only. */
export interface EmbeddedBucket {
  fetch(request: Request): Promise<Response>;
}

const SMALLEST_PART = 5 * 2 ** 20;
/** Seconds; browsers cap it themselves. */
const PREFLIGHT_AGE = 3600;

function defaultRule(origins: string[]): CorsRule {
  return { origins, methods: ['PUT', 'GET', 'HEAD'], headers: ['*'], exposed: ['ETag'], maxAge: PREFLIGHT_AGE };
}

/** The CORS rules of the bucket that a request names: its own, else the default. */
function ruling(store: Store, origins: () => string[]): (request: Request) => CorsRule[] {
  const parsed = new Map<string, CorsRule[]>();
  return (request) => {
    const name = /^\/([^/]*)/.exec(new URL(request.url).pathname)?.[1] ?? '';
    const text = store.has(name) ? store.bucket(name).setting('cors') : undefined;
    if (text === undefined) return [defaultRule(origins())];
    const rules = parsed.get(text) ?? corsRules(text);
    if (parsed.size > 100) parsed.clear();
    parsed.set(text, rules);
    return rules;
  };
}

/**
 * Opens the folder, finishing or clearing away what a crash left there, and makes the buckets named in the options.
 * Rejects with the system's error where the folder cannot be used, and where a manifest in it is damaged.
 *
 * @example
 * const bucket = await createBucket({ folder: '.partway/bucket', accessKey, secretKey, buckets: ['uploads'], origins: () => [] });
 * await listen({ fetch: bucket.fetch, hostname: '127.0.0.1', port: 8788 });
 */
export async function createBucket(options: BucketOptions): Promise<EmbeddedBucket> {
  const { accessKey, secretKey, clock = () => new Date(), smallestPart = SMALLEST_PART } = options;
  const store = await openStore(options.folder);
  for (const name of options.buckets) await store.create(name, clock().getTime());
  const verify = verification({ accessKey, secretKey, clock });
  const app = new Hono<{ Variables: { requestId: string } }>();

  app.use(async (c, next) => {
    c.set('requestId', freshName(0).slice(9, 25).toUpperCase());
    await next();
    c.res.headers.set('x-amz-request-id', c.get('requestId'));
  });
  app.use(crossing(ruling(store, options.origins)));
  app.all('*', (c) => {
    const request = c.req.raw;
    const target = targetOf(request.url);
    const verified = verify(request, target);
    const exchange = exchangeOf({ request, target, verified, store, now: clock, smallestPart });
    return operationOf(request.method, target)(exchange);
  });
  app.onError((error, c) => {
    const refusal = refusalOf(error);
    if (refusal.code === 'InternalError') console.error(error);
    return errorResponse(refusal, new URL(c.req.url).pathname, c.get('requestId'));
  });
  return { fetch: async (request) => app.fetch(request) };
}
