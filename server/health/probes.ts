import { Hono } from 'hono';
import type { Opened } from '../open.ts';
import { bearerOf, isLocal } from '../session/caller.ts';
import { hashToken, sameBytes } from '../token.ts';
import { METRICS_TYPE } from './metrics.ts';

export interface ProbeOptions extends Pick<Opened, 'checks' | 'metrics'> {
  /** Opens the details to callers from elsewhere. */
  token: string | undefined;
  isStopping: () => boolean;
}

/** What balancers and monitors ask the stand-alone server: `/healthz`, `/readyz`, `/metrics`. */
export function createProbes({ checks, metrics, token, isStopping }: ProbeOptions): Hono {
  /** Programs of this machine, and whoever knows the token. */
  const maySee = ({ headers }: Request): boolean => {
    const given = bearerOf(headers);
    return isLocal(headers) || (!!token && !!given && sameBytes(hashToken(given), hashToken(token)));
  };
  const app = new Hono();
  app.get('/healthz', () => Response.json({ success: true }));
  app.get('/readyz', async ({ req }) => {
    const stopping = isStopping();
    const found = await checks();
    const success = !stopping && found.every(({ ready }) => ready);
    const detail = maySee(req.raw) && { stopping, checks: found };
    return Response.json(
      { success, ...detail },
      { status: success ? 200 : 503, headers: { 'cache-control': 'no-store' } },
    );
  });
  // Whoever may not see it hears what is said of any other address.
  app.get('/metrics', async (context) =>
    maySee(context.req.raw)
      ? new Response(await metrics(), { headers: { 'content-type': METRICS_TYPE, 'cache-control': 'no-store' } })
      : context.notFound(),
  );
  return app;
}
