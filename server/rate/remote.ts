/** What an app's environment (`context.env`) tells of a request: ours, @hono/node-server's, Deno's or Bun's. */
interface Told {
  remoteAddress?: string;
  incoming?: { socket?: { remoteAddress?: string } };
  remoteAddr?: { hostname?: string };
  requestIP?: (request: Request) => { address: string } | null;
}

/** The address that a request came from; undefined where nobody tells. */
export function remoteOf(env: unknown, request: Request): string | undefined {
  const told = (env ?? {}) as Told;
  return (
    told.remoteAddress ||
    told.incoming?.socket?.remoteAddress ||
    told.remoteAddr?.hostname ||
    told.requestIP?.(request)?.address
  );
}
