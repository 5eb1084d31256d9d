/** A server of its own over a bucket of its own, and what tests look at. */

import { expect } from 'bun:test';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { digestsOf } from '../bytes.ts';
import { startProxy, type Proxy as Wire } from '../faults/proxy.ts';
import type { Server, ServerOptions } from '../server.ts';
import { keysIn, makeBucket, objectDigests, type TestStore, uploadsIn } from '../store.ts';
import { type Api, apiAt, digestsFor, objectDigest, putAll, random } from './client.ts';
import { serve } from './serve.ts';

export interface Place {
  store: TestStore;
  bucket: string;
  server: Server;
  api: Api;
  /** Bytes of the smallest part. */
  unit: number;
  stop(): Promise<void>;
}

export const MiB = 2 ** 20;
export const ORIGIN = 'https://app.example.com';

let buckets = 0;
export const freshName = (): string => `api-${process.pid}-${++buckets}`;

/** What the server must be told to use `bucket` of `store`; at `endpoint` where a proxy stands between. */
export const storeEnv = (store: TestStore, bucket: string, endpoint = store.endpoint, unit = 1024) => ({
  S3_ENDPOINT: endpoint,
  S3_ACCESS_KEY: store.accessKey,
  S3_SECRET_KEY: store.secretKey,
  S3_BUCKET: bucket,
  S3_SMALLEST_PART: String(unit),
});

/** `unit` is the store's own smallest part. `stop()` stops the store, too, unless it is `kept`. */
export async function openPlace(
  store: TestStore,
  { unit = 1024, kept = false, ...options }: ServerOptions & { unit?: number; kept?: boolean } = {},
): Promise<Place> {
  const bucket = freshName();
  await makeBucket(store, bucket, [ORIGIN]);
  const server = await serve({
    ...options,
    env: { ...storeEnv(store, bucket, store.endpoint, unit), ...options.env },
  });
  return {
    store,
    bucket,
    server,
    api: apiAt(server.url),
    unit,
    async stop() {
      await server.stop();
      if (!kept) await store.stop();
    },
  };
}

/** The same with a proxy between server and bucket; `wire` sees parts, too. */
export async function openWiredPlace(store: TestStore, options: ServerOptions = {}): Promise<Place & { wire: Wire }> {
  const { hostname: host, port } = new URL(store.endpoint);
  const wire = await startProxy({ target: { host, port: Number(port) } });
  const place = await openPlace(store, { ...options, env: { S3_ENDPOINT: wire.url, ...options.env } });
  return {
    ...place,
    wire,
    async stop() {
      await place.stop();
      await wire.stop();
    },
  };
}

type Stored = Pick<Place, 'store' | 'bucket'>;

export async function expectObject({ store, bucket }: Stored, key: string, bytes: Uint8Array): Promise<void> {
  expect(await objectDigests(store, bucket, key)).toEqual(await digestsOf([bytes]));
}

/** Neither an object nor an upload for it. */
export async function expectNothing({ store, bucket }: Stored, key: string, uploadId?: string | null): Promise<void> {
  expect(await keysIn(store, bucket)).not.toContain(key);
  if (uploadId) expect(await uploadsIn(store, bucket)).not.toContain(uploadId);
}

export async function counts({ store, bucket }: Stored) {
  return { objects: (await keysIn(store, bucket)).length, uploads: (await uploadsIn(store, bucket)).length };
}

export const head = ({ store, bucket }: Stored, Key: string) =>
  store.s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));

/** A file of three parts that the store has, with its digests: nothing is left to do but to complete it. */
export async function sendFile({ api, unit }: Pick<Place, 'api' | 'unit'>, size = 2 * unit + 10) {
  const bytes = random(size);
  const parts = digestsFor(bytes, unit);
  const begun = await api.begin({ size }, { partSize: unit, parts });
  await putAll(begun.partUrls, bytes);
  const digest = objectDigest(parts);
  const wish = { resumeToken: begun.resumeToken, objectDigest: digest };
  return { ...begun, bytes, digest, wish, complete: (at: Api = api) => at.call('complete', wish) };
}
