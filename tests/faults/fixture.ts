/** Targets for the proxy to stand before. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { digestsOf } from '../bytes.ts';
import { type ProxyOptions, startProxy } from './proxy.ts';

export const MIB = 2 ** 20;
const endings: (() => unknown)[] = [];

/** What a test began last ends first. */
export function atEnd(end: () => unknown): void {
  endings.unshift(end);
}

/** For each file's own `afterEach`. */
export async function endAll(): Promise<void> {
  for (const end of endings.splice(0)) await end();
}

export async function between(options: Omit<ProxyOptions, 'target'>, port: number) {
  const proxy = await startProxy({ ...options, target: { host: '127.0.0.1', port } });
  atEnd(proxy.stop);
  return proxy;
}

/** Answers each request with what came: the host it was asked for and its body's digest. */
export function echo() {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { size, sha256 } = await digestsOf(request.body ?? ([] as Uint8Array[]));
      return Response.json({ host: request.headers.get('host'), url: new URL(request.url).search, size, sha256 });
    },
  });
  atEnd(() => server.stop(true));
  return server.port!;
}

/** A target that does with each connection as the test likes. */
export async function rawTarget(accept: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => accept(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => server.close());
  return (server.address() as { port: number }).port;
}

export const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));

export function put(url: string, body: Uint8Array<ArrayBuffer> | string, path = '/key?partNumber=1&uploadId=a%2Fb') {
  return fetch(url + path, { method: 'PUT', body });
}
