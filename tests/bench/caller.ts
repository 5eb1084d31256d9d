/** The API with nothing between: what a bench calls must not be slowed down by what looks at the answers. */

import { BASE_PATH } from '../../server/contract/wire.ts';

/** `path` is a call's name or a query of the list; throws where it is refused. */
export const callerOf =
  (send: (request: Request) => Response | Promise<Response>, origin: string) =>
  async (path: string, headers: Record<string, string>, body?: object) => {
    const request = new Request(`${origin}${BASE_PATH}${path}`, {
      headers: { 'content-type': 'application/json', ...headers },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: whichever answer it is
    const answer = (await (await send(request)).json()) as any;
    if (!answer.success) throw new Error(`${path}: ${answer.error} ${answer.message}`);
    return answer;
  };
