/** A receiver of webhooks: takes down all that comes, and answers each event as the test says. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
  at: Date;
  event: { type: string; timestamp: string; data: Record<string, unknown> & { sessionId: string } };
}

/** What is done with a request: answered, left without an answer, or cut off. */
export type Reply = { status: number; headers?: Record<string, string> } | 'hang' | 'cut';

export interface Receiver {
  url: string;
  received: Received[];
  /** How the events of this session are answered, one after another; afterwards, and all others, with 204. */
  script(sessionId: string, ...replies: Reply[]): void;
  of(sessionId: string): Received[];
  /** Resolves when the session's events have come so often. */
  has(sessionId: string, count: number): Promise<Received[]>;
  /** Answers all that hang with 204. */
  release(): void;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const hanging: ServerResponse[] = [];
  const scripts = new Map<string, Reply[]>();
  let heard = () => {};

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const headers = request.headers as Record<string, string>;
    const event = body ? JSON.parse(body) : {};
    received.push({ path: request.url!, headers, body, at: new Date(), event });
    heard();
    const reply = scripts.get(event.data?.sessionId)?.shift() ?? { status: 204 };
    if (reply === 'cut') request.socket.destroy();
    else if (reply === 'hang') hanging.push(response);
    // Deno's fetch repeats by itself what is cut off on a connection that it has used before.
    else response.writeHead(reply.status, { connection: 'close', ...reply.headers }).end();
  }

  const server = createServer((request, response) => void take(request, response).catch(() => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const of = (sessionId: string) => received.filter(({ event }) => event.data?.sessionId === sessionId);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?tenant=7`,
    received,
    script: (sessionId, ...replies) => scripts.set(sessionId, replies),
    of,
    async has(sessionId, count) {
      while (of(sessionId).length < count)
        await new Promise<void>((resolve) => {
          heard = resolve;
          setTimeout(resolve, 200);
        });
      return of(sessionId);
    },
    release() {
      for (const response of hanging.splice(0)) response.writeHead(204).end();
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The event, once a stranger's implementation of Standard Webhooks has verified it, at the time that it came. */
export const verified = ({ body, headers }: Received, secret: string) =>
  new Webhook(secret).verify(body, headers) as Received['event'];
