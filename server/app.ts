import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { UploadError } from './contract/errors.ts';
import { BASE_PATH } from './contract/wire.ts';
import type { Deps } from './deps.ts';
import { secured } from './http/secured.ts';
import { tellRequest, watch } from './log/request.ts';
import { remoteOf } from './rate/remote.ts';
import { abort } from './routes/abort.ts';
import { claim } from './routes/claim.ts';
import { complete } from './routes/complete.ts';
import { failure } from './routes/failure.ts';
import { grant } from './routes/grant.ts';
import { init } from './routes/init.ts';
import { list } from './routes/list.ts';
import { pause } from './routes/pause.ts';
import { progress } from './routes/progress.ts';
import { resume } from './routes/resume.ts';
import { sign } from './routes/sign.ts';

type Call = (deps: Deps, request: Request) => Promise<object>;

const POSTED: Record<string, Call> = { grant, init, claim, sign, resume, pause, complete, abort };

/** The call at `path`, wherever the app is mounted; undefined where there is none. */
function callAt(path: string): string | undefined {
  const name = path.slice(path.indexOf(BASE_PATH) + BASE_PATH.length + 1);
  if (name === '') return 'list';
  return name === 'progress' || Object.hasOwn(POSTED, name) ? name : undefined;
}

/**
 * The upload API under `/api/v1/upload/multipart`. Mounts inside another Hono app under any path, by `route` or by
 * `mount`; what lies outside that path is left alone.
 */
export function createApp(deps: Deps): Hono {
  const app = new Hono();
  app.use(
    `${BASE_PATH}/*`,
    watch(deps),
    secured,
    cors({
      origin: deps.allowedOrigins,
      allowMethods: ['GET', 'POST'],
      allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'x-api-key', 'x-request-id', 'x-resume-token'],
      exposeHeaders: ['retry-after', 'x-request-id'],
      // Cookies are the app's own; without its `authenticate` they are nobody's.
      credentials: deps.authenticate !== undefined,
      maxAge: 7200,
    }),
    async ({ req, env }, next) => {
      try {
        deps.gate?.enter(req.raw.headers, remoteOf(env, req.raw), deps.clock());
      } catch (error) {
        tellRequest({ call: callAt(req.path) });
        return failure(deps, error, '');
      }
      await next();
    },
  );
  const serve = (method: 'GET' | 'POST', path: string, name: string, call: Call) => {
    app.on(method, BASE_PATH + path, async ({ req }) => {
      tellRequest({ call: name });
      try {
        return Response.json(await call(deps, req.raw));
      } catch (error) {
        return failure(deps, error, name);
      }
    });
    app.all(BASE_PATH + path, () => {
      const response = failure(deps, new UploadError('METHOD_NOT_ALLOWED', `${name} takes ${method} only.`), name);
      response.headers.set('allow', method);
      return response;
    });
  };
  for (const [name, call] of Object.entries(POSTED)) serve('POST', `/${name}`, name, call);
  serve('GET', '/progress', 'progress', progress);
  for (const path of ['', '/']) serve('GET', path, 'list', list);

  const nothingHere = () => failure(deps, new UploadError('NOT_FOUND', 'There is nothing at this address.'), '');
  // Inside another app `notFound` is that app's own.
  app.all(`${BASE_PATH}/*`, nothingHere);
  app.notFound(nothingHere);
  app.onError((error) => failure(deps, error, ''));
  return app;
}
