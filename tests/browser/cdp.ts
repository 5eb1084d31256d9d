/** One connection to Chromium's DevTools protocol: a page's own, or the browser's with sessions inside it. */

const ANSWER_MS = 60_000;

export type CdpEvent = Record<string, unknown>;
type Listener = (params: CdpEvent, sessionId?: string) => void;

interface Pending {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

interface Message {
  id?: number;
  method?: string;
  params?: CdpEvent;
  sessionId?: string;
  result?: unknown;
  error?: { message: string; data?: string };
}

export interface Cdp {
  /** Rejects with the protocol's own message, after `limit` ms (60 s) of silence, or when the connection goes away. */
  send<T = CdpEvent>(
    method: string,
    params?: object,
    options?: { sessionId?: string | undefined; limit?: number | undefined },
  ): Promise<T>;
  /** Returns the function that stops listening. */
  on(event: string, listener: Listener): () => void;
  once(event: string): Promise<CdpEvent>;
  /** Resolves when the connection is gone, whoever ended it. */
  closed: Promise<void>;
  close(): Promise<void>;
}

export async function connectCdp(url: string): Promise<Cdp> {
  const socket = new WebSocket(url);
  const pending = new Map<number, Pending>();
  const listeners = new Map<string, Set<Listener>>();
  let lastId = 0;

  const closed = new Promise<void>((resolve) => {
    socket.addEventListener('close', () => {
      for (const { reject } of pending.values()) reject(new Error('CDP connection closed'));
      pending.clear();
      resolve();
    });
  });
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id === undefined) {
      for (const listener of listeners.get(message.method!) ?? []) listener(message.params ?? {}, message.sessionId);
      return;
    }
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    if (message.error) {
      waiting?.reject(new Error([message.error.message, message.error.data].filter(Boolean).join(': ')));
    } else waiting?.resolve(message.result as never);
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`no CDP connection to ${url}`)));
  });

  function on(event: string, listener: Listener): () => void {
    const set = listeners.get(event) ?? new Set();
    listeners.set(event, set.add(listener));
    return () => set.delete(listener);
  }

  return {
    on,
    closed,
    send<T>(
      method: string,
      params = {},
      { sessionId, limit = ANSWER_MS }: { sessionId?: string; limit?: number } = {},
    ) {
      if (socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error('CDP connection closed'));
      const id = ++lastId;
      return new Promise<T>((resolve, reject) => {
        const silence = setTimeout(() => {
          pending.delete(id);
          reject(new Error(`${method} unanswered for ${limit} ms`));
        }, limit);
        const settle = <A>(end: (value: A) => void) => {
          return (value: A) => {
            clearTimeout(silence);
            end(value);
          };
        };
        pending.set(id, { resolve: settle(resolve), reject: settle(reject) });
        socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
      });
    },
    once: (event) =>
      new Promise((resolve, reject) => {
        const off = on(event, (params) => {
          off();
          resolve(params);
        });
        void closed.then(() => reject(new Error(`CDP connection closed before ${event}`)));
      }),
    close() {
      socket.close();
      return closed;
    },
  };
}
