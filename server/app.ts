import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { UploadError } from './contract/errors.ts';
import { BASE_PATH } from './contract/wire.ts';
import type { Deps } from './deps.ts';
import { abort } from './routes/abort.ts';
import { complete } from './routes/complete.ts';
import { failure } from './routes/failure.ts';
import { grant } from './routes/grant.ts';
import { init } from './routes/init.ts';
import { resume } from './routes/resume.ts';
import { sign } from './routes/sign.ts';

type Call = (deps: Deps, request: Request) => Promise<object>;

const CALLS: Record<string, Call> = { grant, init, sign, resume, complete, abort };

/** The upload API under `/api/v1/upload/multipart`, and `/healthz`. */
export function createApp(deps: Deps): Hono {
  const app = new Hono();
  app.use(
    `${BASE_PATH}/*`,
    cors({
      origin: deps.allowedOrigins,
      allowMethods: ['POST'],
      allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'x-api-key'],
      exposeHeaders: ['retry-after'],
      maxAge: 7200,
    }),
  );
  app.use('*', async (context, next) => {
    await next();
    context.header('x-content-type-options', 'nosniff');
  });
  app.use(`${BASE_PATH}/*`, async (context, next) => {
    await next();
    context.header('cache-control', 'no-store');
  });
  for (const [name, call] of Object.entries(CALLS)) {
    app.post(`${BASE_PATH}/${name}`, async ({ req }) => {
      try {
        return Response.json(await call(deps, req.raw));
      } catch (error) {
        return failure(deps, error, name);
      }
    });
    app.all(`${BASE_PATH}/${name}`, () => {
      const response = failure(deps, new UploadError('METHOD_NOT_ALLOWED', `${name} takes POST only.`), name);
      response.headers.set('allow', 'POST');
      return response;
    });
  }
  app.get('/healthz', () => Response.json({ success: true }));
  app.notFound(() => failure(deps, new UploadError('NOT_FOUND', 'There is nothing at this address.'), ''));
  app.onError((error) => failure(deps, error, ''));
  return app;
}
