import { serve } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { createApp, openDeps, readConfig } from 'partway/server';

const config = readConfig(process.env, process.argv.slice(2));
const partway = await openDeps(config, {
  // Your own session or token says who is signed in; here everybody is alice.
  authenticate: () => 'alice',
  onVerified: ({ userId, filename, url }) => console.log(`${userId} has uploaded ${filename} to ${url}`),
});

const app = new Hono();
app.route('/', createApp(partway.deps));
app.use(serveStatic({ root: 'dist' }));

const server = serve({ fetch: app.fetch, hostname: config.host, port: config.port }, ({ port }) =>
  console.log(`http://localhost:${port}`),
);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close(() => partway.close()));
