/** A site on loopback with a service worker, for trying the browser harness; it tells what reached it. */

const PAGE = `<!doctype html><title>site</title><link rel="icon" href="data:,">
<input type="file" multiple><button onclick="window.clicks = (window.clicks ?? 0) + 1">count</button>
<script>
  navigator.serviceWorker.register('/worker.js');
  addEventListener('pagehide', () => navigator.sendBeacon('/hidden'));
  function askWorkerToFetch() {
    const { port1, port2 } = new MessageChannel();
    navigator.serviceWorker.controller.postMessage('fetch', [port2]);
    return new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
  }
</script>`;

const WORKER = `
  oninstall = () => skipWaiting();
  onactivate = (event) => event.waitUntil(clients.claim());
  onsync = (event) => event.waitUntil((async () => {
    const answer = await fetch('/sync', { method: 'POST' });
    if (!answer.ok) throw new Error('refused');
  })());
  onmessage = (event) => event.waitUntil((async () => {
    const outcome = await fetch('/worker').then(() => 'passed', () => 'failed');
    event.ports[0].postMessage(outcome);
  })());`;

const WAIT_MS = 25_000;

export function startSite() {
  const log: string[] = [];
  const waiting = new Set<() => void>();
  let sync: 'take' | 'refuse' | 'hang' = 'take';

  function note(line: string): void {
    log.push(line);
    for (const look of waiting) look();
  }

  function hang(request: Request, path: string): Promise<Response> {
    return new Promise((resolve) => {
      request.signal.addEventListener('abort', () => {
        note(`lost ${path}`);
        resolve(new Response());
      });
    });
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 255,
    fetch(request) {
      const { pathname } = new URL(request.url);
      const line = `${request.method} ${pathname}`;
      if (pathname === '/') return new Response(PAGE, { headers: { 'content-type': 'text/html' } });
      if (pathname === '/worker.js') return new Response(WORKER, { headers: { 'content-type': 'text/javascript' } });
      if (pathname === '/sync' && sync !== 'hang') {
        const status = sync === 'take' ? 200 : 503;
        note(`${line} ${status}`);
        return new Response('', { status });
      }
      note(pathname === '/sync' ? `${line} hangs` : line);
      return pathname === '/sync' || pathname === '/hang' ? hang(request, pathname) : new Response();
    },
  });

  return {
    url: `http://127.0.0.1:${server.port}/`,
    refuseSync(refuse: boolean) {
      sync = refuse ? 'refuse' : 'take';
    },
    hangSync(hangs: boolean) {
      sync = hangs ? 'hang' : 'take';
    },
    /** Resolves as soon as the server has seen `line`: "POST /sync 503", "lost /hang" (the client is gone), … */
    seen(line: string): Promise<void> {
      return new Promise((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`no "${line}" among: ${log.join(', ')}`)), WAIT_MS);
        const look = () => {
          if (!log.includes(line)) return;
          clearTimeout(limit);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
    stop: () => server.stop(true),
  };
}
