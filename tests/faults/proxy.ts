/**
 * A TCP proxy on loopback between a client and an HTTP/1.1 server, which can be slow, cut, silent or contrary. It passes
 * every byte on untouched, the Host header too: S3 signatures cover it.
 */

import { connect, createServer, type Server, type Socket } from 'node:net';
import { relay } from './relay.ts';
import { type Answer, createRules, type Harm, type Moment, type Predicate } from './rules.ts';
import { createThrottle } from './throttle.ts';
import { createTraffic, type Seen } from './traffic.ts';
import { narrowWindow } from './window.ts';

export type { Answer, Harm, Moment, Predicate, Seen };

export interface ProxyOptions {
  target: { host: string; port: number };
  /** Any free one unless told. */
  port?: number;
  /**
   * From client to target, shared by all connections; 0 stands still. Unlimited unless told; told, the line is also a
   * narrow one, in which a sender leaves little behind.
   */
  bytesPerSecond?: number;
  /** Milliseconds before each request is passed on. */
  latency?: number;
}

export type Proxy = Awaited<ReturnType<typeof startProxy>>;

export async function startProxy(options: ProxyOptions) {
  const traffic = createTraffic();
  const rules = createRules(traffic);
  const throttle = createThrottle(options.bytesPerSecond ?? Infinity);
  let latency = options.latency ?? 0;
  let port = options.port ?? 0;
  /** Bytes after which the whole line is cut, or one connection is. */
  const life = { line: Number.POSITIVE_INFINITY, connection: Number.POSITIVE_INFINITY };
  let carriedSinceCut = 0;
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  function track(socket: Socket): Socket {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    return socket.once('close', () => sockets.delete(socket));
  }

  async function up(): Promise<void> {
    if (server) return;
    const next = createServer((client) => {
      const target = track(connect(options.target));
      void relay(track(client), target, { traffic, rules, throttle, latency: () => latency, carried });
    });
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject);
      next.listen(port, '127.0.0.1', resolve);
    });
    if (options.bytesPerSecond !== undefined) narrowWindow(next);
    server = next;
    port = (next.address() as { port: number }).port;
  }

  /** Ends every connection in the middle of whatever it does. */
  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }

  function carried(bytes: number, connection: number): boolean {
    carriedSinceCut += bytes;
    if (carriedSinceCut >= life.line) {
      carriedSinceCut = 0;
      cut();
    }
    return connection < life.connection;
  }

  /** From now on connections are refused, until `up()`. */
  async function down(): Promise<void> {
    const last = server;
    server = undefined;
    const closed = last && new Promise((resolve) => last.close(resolve));
    cut();
    await closed;
  }

  await up();

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    /** Every request, in the order of arrival. */
    requests: traffic.requests as readonly Seen[],
    puts: (): Seen[] => traffic.requests.filter(({ method }) => method === 'PUT'),
    /** Bytes of PUT bodies forwarded after that `performance.now()`. */
    bytesSince: traffic.bytesSince,
    /** The same of requests that began after it. Of a client that is gone up to 2 MB a connection (10 where the line was started unlimited) are still to come. */
    bytesBegunSince: traffic.bytesBegunSince,
    waitFor: traffic.waitFor,
    /** Holds what matches, and all that comes behind it on its connection, until the returned function is called. */
    hold: rules.hold,
    /** Each of these returns the function that takes the rule back. */
    delay: rules.delay,
    answer: rules.answer,
    harm: rules.harm,
    /** The target is asked and answers; `ms` later the client loses its connection instead of hearing it. */
    lose: rules.lose,
    /** Cuts the line as a whole, or each connection, whenever so many bytes have gone up. */
    cutEvery(bytes: number, what: keyof typeof life = 'line'): () => void {
      life[what] = bytes;
      carriedSinceCut = 0;
      return rules.undoing(() => {
        life[what] = Number.POSITIVE_INFINITY;
      });
    },
    /** Takes back every rule that is in force. */
    clear: rules.clear,
    set(changes: { bytesPerSecond?: number; latency?: number }): void {
      if (changes.bytesPerSecond !== undefined) throttle.set(changes.bytesPerSecond);
      latency = changes.latency ?? latency;
    },
    cut,
    down,
    up,
    stop: down,
  };
}
