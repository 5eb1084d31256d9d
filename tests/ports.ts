/** Ports on loopback that nobody listens on at this moment. */

import { createServer, type Server } from 'node:net';

/** Below those that kernels give to connections, any of which could take one before it is listened on; all open to browsers. */
const [FIRST, LAST] = [11_000, 32_000];

const somewhere = () => FIRST + Math.floor(Math.random() * (LAST - FIRST));

/** Listens on a port of its choice, another one where that is taken. */
function listener(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    const listen = () => server.listen(somewhere(), '127.0.0.1');
    server.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? listen() : reject(error)));
    server.once('listening', () => resolve(server));
    listen();
  });
}

/** `count` different free ports. They are all held open together before any is let go. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listener));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}
