/** A process that listens as the server does and tells what it sees: `probe.ts [PORT [PATIENCE]]` prints its port. Runs in every runtime. */

import process from 'node:process';
import { listen } from '../../server/http/runtime.ts';

const HELD = 'held';
const seen = {
  /** Requests whose `signal` was aborted. */
  aborted: 0,
  /** Requests whose body broke off. */
  cut: 0,
  /** Requests whose body was received in full. */
  whole: 0,
  /** Bytes of answers that were asked of the handler. */
  pulled: 0,
  /** Bytes of bodies that were taken. */
  taken: 0,
  /** Requests that reached the handler. */
  begun: 0,
  /** Answers that were given up. */
  cancelled: 0,
};
let release: () => void = () => {};
let released = new Promise<void>((resolve) => {
  release = resolve;
});

async function take(request: Request): Promise<number> {
  let size = 0;
  try {
    for await (const bytes of request.body ?? []) {
      size += bytes.length;
      seen.taken += bytes.length;
    }
    seen.whole++;
  } catch (error) {
    seen.cut++;
    throw error;
  }
  return size;
}

const endless = (size: number) =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      const bytes = new Uint8Array(Math.min(2 ** 16, size));
      size -= bytes.length;
      seen.pulled += bytes.length;
      controller.enqueue(bytes);
      if (!size) controller.close();
    },
    cancel() {
      seen.cancelled++;
    },
  });

const ROUTES: Record<string, (request: Request, remote: string) => Response | Promise<Response>> = {
  '/seen': () => Response.json(seen),
  '/release': () => {
    release();
    released = new Promise((resolve) => {
      release = resolve;
    });
    return new Response();
  },
  '/take': async (request, remote) => {
    const { method, url, headers } = request;
    return Response.json({ size: await take(request), remote, method, url, headers: [...headers] });
  },
  /** As the server marks a request from afar. */
  '/marked': async (request) => {
    const headers = new Headers(request.headers);
    headers.append('x-forwarded-for', '203.0.113.7');
    const marked = new Request(request, { headers });
    return Response.json({ text: await marked.text(), headers: [...marked.headers], method: marked.method });
  },
  '/echo': (request) => new Response(request.body),
  '/refuse': () => new Response('refused', { status: 403 }),
  [`/${HELD}`]: async (request) => {
    await released;
    return Response.json({ size: await take(request) });
  },
  '/endless': () => new Response(endless(2 ** 28)),
  '/block': () => new Response('block', { headers: { etag: '"e"', 'x-two': 'a, b' } }),
  '/length': () => new Response(null, { headers: { 'content-length': '5368709120' } }),
  '/nothing': () => new Response(null, { status: 204 }),
};

const listener = await listen({
  hostname: '127.0.0.1',
  port: Number(process.argv[2] ?? 0),
  ...(process.argv[3] && { patience: Number(process.argv[3]) }),
  async fetch(request, remote) {
    seen.begun++;
    request.signal.addEventListener('abort', () => seen.aborted++);
    const route = ROUTES[new URL(request.url).pathname];
    if (!route) throw new Error('the handler is broken');
    return route(request, remote);
  },
}).catch((error: { code?: string }) => {
  console.log(error.code);
  process.exit(1);
});
process.once('SIGTERM', () => {
  void listener.stop().then(() => {
    console.log('stopped');
    process.exit(0);
  });
  console.log('stopping');
});
// Whoever started it has gone.
process.stdin.resume().on('end', () => process.exit(1));
console.log(listener.port);
