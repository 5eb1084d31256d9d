import { AsyncLocalStorage } from 'node:async_hooks';
import type { MiddlewareHandler } from 'hono';
import type { ErrorCode } from '../contract/errors.ts';
import type { Deps } from '../deps.ts';

/** The request that is being answered, as far as it is known. */
export interface CurrentRequest {
  id: string;
  /** Such as `init`; nothing where no call lies at the address. */
  call?: string | undefined;
  userId?: string;
  /** Why it was refused. */
  error?: ErrorCode;
  /** Whose rate it has used up. */
  limit?: 'credential' | 'address';
  /** Where it came from, an address or a /64; logged with `limit` alone. */
  address?: string | undefined;
}

const requests = new AsyncLocalStorage<CurrentRequest>();

/** The one that the running code works for, if any. */
export const currentRequest = (): CurrentRequest | undefined => requests.getStore();

/** Adds to what is known of it. */
export const tellRequest = (news: Partial<CurrentRequest>): void => {
  Object.assign(currentRequest() ?? {}, news);
};

/** An id that came along goes into logs and back into a header. */
const TAKEN = /^[\w.-]{1,64}$/;
const LONGEST_PATH = 256;

/** Answers as the request `about` is told of, and logs how that went. */
export function record(
  deps: Deps,
  { method, path, ...about }: CurrentRequest & { method: string; path: string },
  answer: () => Promise<Response>,
): Promise<Response> {
  const request: CurrentRequest = about;
  const startedAt = performance.now();
  return requests.run(request, async () => {
    const response = await answer();
    const { status } = response;
    const ms = Math.round((performance.now() - startedAt) * 10) / 10;
    const { call, userId, error, limit } = request;
    const address = limit && request.address;
    deps.metrics?.requested(call ?? (method === 'OPTIONS' ? 'preflight' : 'none'), status, ms / 1000);
    deps.log('request', {
      method,
      path: path.slice(0, LONGEST_PATH),
      call,
      status,
      ms,
      userId,
      error,
      limit,
      address,
    });
    return response;
  });
}

/** Gives each request its id, tells it in `X-Request-Id`, and logs how the request went. */
export function watch(deps: Deps): MiddlewareHandler {
  return async (context, next) => {
    const { method, path } = context.req;
    const given = context.req.header('x-request-id') ?? '';
    const id = TAKEN.test(given) ? given : Buffer.from(deps.random(12)).toString('base64url');
    await record(deps, { id, method, path }, async () => {
      await next();
      context.header('x-request-id', id);
      return context.res;
    });
  };
}
