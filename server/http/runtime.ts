/** Everything in which Bun, Deno and Node differ stands in this file. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';

/** A listening HTTP server. */
export interface Listener {
  port: number;
  /** Takes no new request, lets those in flight finish, then closes. Who is still sending after `patience` is cut off. */
  stop(): Promise<void>;
}

export interface ListenOptions {
  fetch: (request: Request, remoteAddress: string) => Response | Promise<Response>;
  hostname: string;
  /** 0 takes any free port. */
  port: number;
  /** Told what `fetch` threw, which the caller hears of as a bare 500. */
  report?: (error: unknown) => void;
  /** Milliseconds that `stop` waits for requests that are not whole; Bun, which cannot tell, for all. 30 s unless told. */
  patience?: number;
}

/** Seconds a connection may be silent before it is dropped: a phone's stalled PUT outlives Bun's default of 10. */
const IDLE_SECONDS = 255;
/** S3's largest part; Bun refuses bodies above 128 MiB unless told otherwise. */
const LARGEST_BODY = 5 * 2 ** 30 + 2 ** 20;
/** What is still on its way when a server stops, a first request or an answer's last bytes, has so long. */
const LINGER_MS = 500;
/** A body that only drips would keep a server that stops for ever. */
const PATIENCE_MS = 30_000;
/** Bytes of a body that Node reads before they are asked for. */
const AHEAD = 2 ** 18;

/** What is used of Bun; its own types would have to be there wherever Deno checks this file. */
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    error(error: unknown): Response;
    idleTimeout: number;
    maxRequestBodySize: number;
    fetch(
      request: Request,
      self: { requestIP(request: Request): { address: string } | null },
    ): Response | Promise<Response>;
  }): { port: number; pendingRequests: number; stop(closeAll?: boolean): Promise<void> };
};

/** Deno sends a request again, a POST, too, when a connection that was used before is lost before the answer. */
export const RESENDS = 'Deno' in globalThis;

/** Listens on `hostname:port`. Rejects with an error whose `code` is `EADDRINUSE` or `EACCES` where that fails. */
export async function listen(options: ListenOptions): Promise<Listener> {
  return typeof Bun === 'undefined' ? listenOnNode(options) : listenOnBun(options);
}

function listenOnBun(options: ListenOptions): Listener {
  const { fetch, hostname, port, report = console.error, patience = PATIENCE_MS } = options;
  const server = Bun.serve({
    hostname,
    port,
    // Else Bun would answer with a page that shows the source.
    error(error) {
      report(error);
      return new Response(null, { status: 500 });
    },
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: LARGEST_BODY,
    fetch: (request, self) => fetch(request, self.requestIP(request)?.address ?? ''),
  });
  return {
    port: server.port,
    async stop() {
      const stopped = server.stop();
      const deadline = performance.now() + patience;
      do await Promise.race([stopped, setTimeout(LINGER_MS)]);
      while (server.pendingRequests && performance.now() < deadline);
      // Bun itself waits without end for a connection that it answered before the body had come.
      await server.stop(true);
    },
  };
}

/** Deno, too: its own `serve` breaks off request bodies in flight when it is asked to stop (denoland/deno#36809). */
async function listenOnNode(options: ListenOptions): Promise<Listener> {
  const { fetch, hostname, port, report = console.error, patience = PATIENCE_MS } = options;
  // A part may take longer than Node's five minutes for a whole request; without that limit Node has none for headers.
  const limits = { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: IDLE_SECONDS * 1000 };
  const server = createServer(limits);
  server.setTimeout(IDLE_SECONDS * 1000);
  const closeWhere = trackRequests(server);
  server.on('request', (incoming, outgoing) => void answer(fetch, report, incoming, outgoing));
  server.listen(port, hostname);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      // A first request may be on its way.
      await Promise.race([closed, setTimeout(LINGER_MS)]);
      closeWhere((request) => !request);
      await Promise.race([closed, setTimeout(patience, undefined, { ref: false })]);
      closeWhere((request) => !request?.complete);
      await closed;
    },
  };
}

async function answer(
  fetch: ListenOptions['fetch'],
  report: NonNullable<ListenOptions['report']>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
) {
  const gone = new AbortController();
  incoming.on('error', () => gone.abort());
  outgoing.once('close', () => discard(incoming));
  try {
    const request = requestOf(incoming, gone.signal);
    if (!request) return void outgoing.writeHead(400).end();
    const { status, headers, body } = await fetch(request, incoming.socket.remoteAddress ?? '');
    outgoing.writeHead(status, [...headers].flat());
    if (body) await pipeline(body, outgoing);
    else outgoing.end();
  } catch (error) {
    if (!gone.signal.aborted) report(error);
    if (gone.signal.aborted || outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(500).end();
  }
}

/** Reads the rest and throws it away: whoever is refused before all is sent goes on sending, and hears nothing until then. */
function discard(incoming: IncomingMessage): void {
  incoming.removeAllListeners('data').removeAllListeners('end').resume();
}

/** Undefined where there is no URL or method that a Request may have. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = '', url = '', rawHeaders } = incoming;
  const { host = '' } = incoming.headers;
  // Anything else in it would move what follows to another part of the URL.
  if (!/^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i.test(host)) return undefined;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(incoming);
  try {
    return new Request(url.startsWith('/') ? `http://${host}${url}` : url, {
      method,
      headers,
      signal,
      body,
      duplex: 'half',
    } as RequestInit);
  } catch {
    return undefined;
  }
}

/** The body as it comes, no faster than it is taken. Fails where the caller goes away in the middle. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const source: UnderlyingDefaultSource<Uint8Array> = {
    start(controller) {
      incoming.on('data', (bytes: Uint8Array) => {
        controller.enqueue(bytes);
        if (controller.desiredSize! <= 0) incoming.pause();
      });
      incoming.once('end', () => controller.close());
      incoming.once('error', (error) => controller.error(error));
      incoming.pause();
    },
    pull: () => void incoming.resume(),
    cancel: () => discard(incoming),
  };
  return new ReadableStream(source, new ByteLengthQueuingStrategy({ highWaterMark: AHEAD }));
}

/**
 * Returns what closes the connections whose request, if they have one, is as asked for. Node itself, told to close,
 * leaves those open on which none ever came, as browsers make them in advance, and those that fall idle later.
 */
function trackRequests(server: Server): (closes: (request?: IncomingMessage) => boolean) => void {
  const requests = new Map<Socket, IncomingMessage | undefined>();
  server.on('connection', (socket) => {
    requests.set(socket, undefined);
    socket.once('close', () => requests.delete(socket));
  });
  server.on('request', (request, outgoing) => {
    const { socket } = request;
    requests.set(socket, request);
    outgoing.once('close', () => {
      if (!server.listening) socket.destroySoon();
      else if (!socket.destroyed) requests.set(socket, undefined);
    });
  });
  return (closes) => {
    for (const [socket, request] of requests) if (closes(request)) socket.destroy();
  };
}
