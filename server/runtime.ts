/** Everything in which Bun, Deno and Node differ stands in this file. */

/** A listening HTTP server. */
export interface Listener {
  port: number;
  /** Takes no new request, lets those in flight finish, then closes. */
  stop(): Promise<void>;
}

export interface ListenOptions {
  fetch: (request: Request, remoteAddress: string) => Response | Promise<Response>;
  hostname: string;
  /** 0 takes any free port. */
  port: number;
}

/** Seconds a connection may be silent before it is dropped: a phone's stalled PUT outlives Bun's default of 10. */
const IDLE_SECONDS = 255;
/** S3's largest part; Bun refuses bodies above 128 MiB unless told otherwise. */
const LARGEST_BODY = 5 * 2 ** 30 + 2 ** 20;

/** Listens on `hostname:port`. Rejects with an error whose `code` is `EADDRINUSE` or `EACCES` where that fails. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const server = Bun.serve({
    hostname: options.hostname,
    port: options.port,
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: LARGEST_BODY,
    fetch: (request, self) => options.fetch(request, self.requestIP(request)?.address ?? ''),
  });
  return { port: server.port!, stop: () => server.stop() };
}
