import { serve } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { createApp, openDeps, readConfig } from 'partway/server';

const config = readConfig(process.env, process.argv.slice(2));
const partway = await openDeps(config, {
  onVerified: ({ userId, filename, url }) => console.log(`${userId} has uploaded ${filename} to ${url}`),
});

const app = new Hono();
app.route('/', createApp(partway.deps));
// For who is signed in as alice: the key that `npx partway-keys create --user alice` printed; with --dev it is "dev".
app.get('/upload-key', (context) => context.text(process.env.UPLOAD_KEY ?? 'dev'));
app.use(serveStatic({ root: 'dist' }));

const server = serve({ fetch: app.fetch, hostname: config.host, port: config.port }, ({ port }) =>
  console.log(`http://localhost:${port}`),
);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close(() => partway.close()));
