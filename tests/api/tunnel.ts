/** A line to a server of any protocol, which can be cut or fall silent. */

import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Tunnel {
  port: number;
  /** Cuts every connection and refuses new ones, until `up()`. */
  down(): Promise<void>;
  up(): Promise<void>;
  /**
   * As when the host vanishes: nothing passes any more and nobody is told. The returned function lets new connections
   * pass; those that were silent stay so.
   */
  silence(): () => void;
}

/** `target` is a port, or is asked for it at each connection. */
export async function openTunnel(target: number | (() => number)): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  let server: Server;
  let port = 0;
  let silent = false;
  const track = (socket: Socket) => {
    sockets.add(socket);
    return socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  };

  async function up(): Promise<void> {
    server = createServer((near) => {
      if (silent) return void track(near).pause();
      const far = track(connect(typeof target === 'number' ? target : target(), '127.0.0.1'));
      track(near).pipe(far).pipe(near);
      far.once('close', () => near.destroy());
      near.once('close', () => far.destroy());
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
  }
  async function down(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  function silence(): () => void {
    silent = true;
    // Whoever does not read does not hear either that the other side has gone.
    for (const socket of sockets) socket.unpipe().pause();
    return () => {
      silent = false;
    };
  }
  await up();
  return { port, down, up, silence };
}
