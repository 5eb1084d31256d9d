import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { contentPolicy } from '../http/csp.ts';
import { pageHeaders } from '../http/secured.ts';
import { describeApi } from './document.ts';
import { renderPage, type Sample } from './page.ts';
import { STYLE } from './style.ts';

/** Where the samples go unless it is known better. */
const SOMEWHERE: Sample = { origin: 'https://uploads.example.com', key: 'mpk_…' };

/** `/openapi.json`, and `/docs` made of it, both once; the page has no script and loads nothing. */
export function createReference(sample: Sample = SOMEWHERE): Hono {
  const document = describeApi();
  const json = JSON.stringify(document);
  const page = String(renderPage(document, sample));
  const policy = contentPolicy({
    'style-src': `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    'img-src': 'data:',
  });
  const app = new Hono();
  app.get('/openapi.json', (context) =>
    context.body(json, 200, { 'content-type': 'application/json', 'cache-control': 'no-cache' }),
  );
  app.get('/docs', (context) => context.body(page, 200, pageHeaders('text/html; charset=utf-8', policy)));
  return app;
}
