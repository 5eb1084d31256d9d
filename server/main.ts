#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { createApp } from './app.ts';
import { type Config, readConfig } from './config/config.ts';
import { createReference } from './docs/reference.ts';
import { StartError } from './fault.ts';
import { createProbes } from './health/probes.ts';
import { listenOn } from './http/listen.ts';
import type { Listener } from './http/runtime.ts';
import { secured } from './http/secured.ts';
import { redact } from './log/redact.ts';
import { type Opened, openDeps } from './open.ts';

/** Not in the npm package. */
const DEMO = new URL('../client/demo/', import.meta.url);

let opened: Opened | undefined;
let listener: Listener | undefined;
/** Outlives this process unless it is stopped. */
let postgres: { stop(): Promise<void> } | undefined;

const say = (line: string) => console.log(line);

async function start(config: Config): Promise<void> {
  opened = await openDeps(config, {
    say,
    onPostgres: (embedded) => {
      postgres = embedded;
    },
  });
  const { deps } = opened;
  const app = createApp(deps);
  app.use('*', secured);
  app.get('/healthz', () => Response.json({ success: true }));
  const sample = { origin: `http://localhost:${config.port}`, key: 'dev' };
  app.route('/', createReference(config.dev ? sample : undefined));
  app.route('/', createProbes({ ...opened, token: config.metricsToken, isStopping: () => stopping }));
  if (config.dev && existsSync(DEMO)) {
    const { createPage } = await import('./embedded/page.ts');
    app.route('/', await createPage(Object.values(deps.buckets).map((bucket) => new URL(bucket.addressOf('')).origin)));
  }
  listener = await listenOn('PORT', {
    fetch: (request, remote) => app.fetch(fromAfar(request, remote), { remoteAddress: remote }),
    hostname: config.host,
    port: config.port,
    report: (error) => deps.log('fault', { error }),
  });
  say(`Partway     http://${config.dev ? 'localhost' : config.host}:${listener.port}`);
  void tellTrouble(opened);
}

/** It serves all the same: what is away may come back. */
async function tellTrouble({ checks }: Opened): Promise<void> {
  for (const { name, message = '' } of (await checks()).filter(({ ready }) => !ready)) {
    const more = message.includes('npm run doctor') ? '' : ' Run "npm run doctor" to see why.';
    say(`${name === 'database' ? 'The database' : `Bucket ${name}`} is not ready: ${message}${more}`);
  }
}

/** Host and Origin are the caller's own words: a request from another machine is marked, so that the key `dev` is not for it. */
function fromAfar(request: Request, remote: string): Request {
  if (/^(127\.|::1$|::ffff:127\.)/.test(remote)) return request;
  const headers = new Headers(request.headers);
  headers.append('x-forwarded-for', remote);
  return new Request(request, { headers });
}

/** What is in flight is finished first. */
async function stop(): Promise<void> {
  try {
    await listener?.stop();
  } finally {
    await opened?.close();
  }
}

/** `deno task` passes on a Ctrl-C that the terminal has already sent to its children. */
const SAME_PRESS_MS = 300;

function onSignal(): void {
  if (stopping) {
    if (performance.now() - stoppingSince < SAME_PRESS_MS) return;
    // The database goes down in order even so; it would outlive this process.
    void (postgres?.stop() ?? Promise.resolve()).catch(() => {}).then(() => process.exit(1));
    return;
  }
  stopping = true;
  stoppingSince = performance.now();
  say('Stopping: finishing what is in flight. Once more to stop at once.');
  // What is just being started has to be up before it can be stopped.
  void starting
    .catch(() => {})
    .then(stop)
    .then(() => process.exit(0));
}

let stopping = false;
let stoppingSince = 0;
let starting: Promise<void> = Promise.resolve();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);

try {
  starting = start(readConfig(process.env, process.argv.slice(2)));
  await starting;
} catch (error) {
  if (stopping) await new Promise(() => {});
  console.error(
    error instanceof StartError ? error.message : redact(`Partway cannot start: ${(error as Error).message}`),
  );
  await stop();
  process.exit(1);
}
