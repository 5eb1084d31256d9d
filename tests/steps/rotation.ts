/** One address before several servers: each connection goes to the next of those that take it. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface Rotation {
  url: string;
  /** Which of the ports had each connection, in their order. */
  served: number[];
  stop(): void;
}

export async function startRotation(ports: number[]): Promise<Rotation> {
  const served: number[] = [];
  const sockets = new Set<Socket>();
  let next = 0;

  /** Undefined where nobody listens there. */
  async function dial(port: number): Promise<Socket | undefined> {
    const socket = connect(port, '127.0.0.1');
    return once(socket, 'connect').then(
      () => socket,
      () => undefined,
    );
  }

  async function relay(client: Socket): Promise<void> {
    for (let tried = 0; tried < ports.length; tried++) {
      const at = next++ % ports.length;
      const target = await dial(ports[at]!);
      if (!target) continue;
      served.push(at);
      for (const [from, to] of [
        [client, target],
        [target, client],
      ] as const) {
        sockets.add(from);
        from.on('error', () => {}).on('close', () => to.destroy());
        from.pipe(to);
      }
      return;
    }
    client.destroy();
  }

  const server = createServer((client) => void relay(client)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    served,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
