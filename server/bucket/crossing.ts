import type { StoreConfig } from '../config/config.ts';
import { ANSWER_SECONDS, type Answer, answerTo } from './answer.ts';
import type { Bucket, Upload } from './bucket.ts';
import { openBucket } from './s3.ts';

/** Bytes a second of the slowest line that a whole part is sent over. */
const SLOWEST = 2 ** 17;
const URL_SECONDS = 300;

export type Crossing = ReturnType<typeof openCrossing>;

/**
 * What a page asks of the bucket, over the URLs that the server signs for it. `origin` is the page's; without one it is
 * asked as any other program asks. Rejects only with the reason of `signal`.
 */
export function openCrossing(store: StoreConfig, signal: AbortSignal) {
  const bucket = openBucket(store);

  const send = (url: string, init: RequestInit, seconds?: number): Promise<Answer<Uint8Array>> =>
    answerTo(
      signal,
      async (signal) => {
        const response = await fetch(url, { ...init, redirect: 'manual', signal });
        const bytes = new Uint8Array(await response.arrayBuffer());
        const { status, ok } = response;
        const headers = Object.fromEntries(response.headers);
        if (ok) return { status, headers, result: bytes };
        return { status, headers, code: /<Code>(\w+)<\/Code>/.exec(new TextDecoder().decode(bytes))?.[1] };
      },
      seconds,
    );
  const from = (origin: string | undefined): Record<string, string> => (origin ? { origin } : {});

  return {
    /** PUTs `body` to the URL of a part that is bound as `part` says, whatever the body is. */
    async putPart(
      upload: Upload,
      part: Parameters<Bucket['presignPart']>[1],
      body: Uint8Array<ArrayBuffer>,
      origin?: string,
    ): Promise<Answer> {
      const { url, headers } = await bucket.presignPart(upload, part, URL_SECONDS);
      const seconds = ANSWER_SECONDS + body.length / SLOWEST;
      return send(url, { method: 'PUT', headers: { ...headers, ...from(origin) }, body }, seconds);
    },
    /** PUTs `body` to the URL of a whole object that is bound as `object` says, whatever the body is. */
    async putObject(
      key: string,
      object: Parameters<Bucket['presignObject']>[1],
      body: Uint8Array<ArrayBuffer>,
      origin?: string,
    ): Promise<Answer> {
      const { url, headers } = await bucket.presignObject(key, object, URL_SECONDS);
      return send(url, { method: 'PUT', headers: { ...headers, ...from(origin) }, body });
    },
    /** What a browser asks before a page of `origin` may use `method` with `headers`. */
    async preflight(key: string, origin: string, method: string, headers: string[]): Promise<Answer> {
      const asked: Record<string, string> = { origin, 'access-control-request-method': method };
      if (headers.length) asked['access-control-request-headers'] = headers.join(',');
      return send(bucket.addressOf(key), { method: 'OPTIONS', headers: asked });
    },
    async getObject(key: string, origin?: string): Promise<Answer<Uint8Array>> {
      return send(await bucket.presignGet(key, URL_SECONDS), { headers: from(origin) });
    },
    close: () => bucket.close(),
  };
}
