import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { UploadError } from './contract/errors.ts';
import { BASE_PATH, type BatchCall } from './contract/wire.ts';
import type { Deps } from './deps.ts';
import { secured } from './http/secured.ts';
import { currentRequest, record, tellRequest, watch } from './log/request.ts';
import { remoteOf } from './rate/remote.ts';
import { abort } from './routes/abort.ts';
import { batch } from './routes/batch.ts';
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

const POSTED: Record<BatchCall['call'], Call> = { grant, init, claim, sign, resume, pause, complete, abort };

/** The call at `path`, wherever the app is mounted; undefined where there is none. */
function callAt(path: string): string | undefined {
  const name = path.slice(path.indexOf(BASE_PATH) + BASE_PATH.length + 1);
  if (name === '') return 'list';
  return name === 'progress' || name === 'batch' || Object.hasOwn(POSTED, name) ? name : undefined;
}

/**
 * The upload API under `/api/v1/upload/multipart`. Mounts inside another Hono app under any path, by `route` or by
 * `mount`; what lies outside that path is left alone.
 */
export function createApp(deps: Deps): Hono {
  const app = new Hono();
  const enter = (request: Request, remote: string | undefined) =>
    deps.gate?.enter(request.headers, remote, deps.clock());
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
        enter(req.raw, remoteOf(env, req.raw));
      } catch (error) {
        tellRequest({ call: callAt(req.path) });
        return failure(deps, error, '');
      }
      await next();
    },
  );
  const answer = async (name: string, call: () => Promise<object>): Promise<Response> => {
    tellRequest({ call: name });
    try {
      return Response.json(await call());
    } catch (error) {
      return failure(deps, error, name);
    }
  };
  /** A call of the batch that is being answered: counted and told of as when it comes alone. */
  const answerWithin = (remote: string | undefined) => (name: BatchCall['call'], request: Request, first: boolean) => {
    const { id, address } = currentRequest()!;
    const about = { id, address, method: request.method, path: new URL(request.url).pathname };
    const call = async () => {
      // The batch came in as its first.
      if (!first) enter(request, remote);
      return POSTED[name](deps, request);
    };
    return record(deps, about, () => answer(name, call));
  };
  const serve = (method: 'GET' | 'POST', path: string, name: string, call: (context: Context) => Promise<object>) => {
    app.on(method, BASE_PATH + path, (context) => answer(name, () => call(context)));
    app.all(BASE_PATH + path, () => {
      const response = failure(deps, new UploadError('METHOD_NOT_ALLOWED', `${name} takes ${method} only.`), name);
      response.headers.set('allow', method);
      return response;
    });
  };
  for (const [name, call] of Object.entries(POSTED)) serve('POST', `/${name}`, name, ({ req }) => call(deps, req.raw));
  serve('POST', '/batch', 'batch', ({ req, env }) => batch(req.raw, answerWithin(remoteOf(env, req.raw))));
  serve('GET', '/progress', 'progress', ({ req }) => progress(deps, req.raw));
  for (const path of ['', '/']) serve('GET', path, 'list', ({ req }) => list(deps, req.raw));

  const nothingHere = () => failure(deps, new UploadError('NOT_FOUND', 'There is nothing at this address.'), '');
  // Inside another app `notFound` is that app's own.
  app.all(`${BASE_PATH}/*`, nothingHere);
  app.notFound(nothingHere);
  app.onError((error) => failure(deps, error, ''));
  return app;
}
