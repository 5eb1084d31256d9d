import type { S3Client } from '@aws-sdk/client-s3';
import { S3RequestPresigner } from '@aws-sdk/s3-request-presigner';
import { HttpRequest } from '@smithy/core/protocols';
import type { StoreConfig } from '../config/config.ts';
import type { Bucket } from './bucket.ts';

/** RFC 3986: `encodeURIComponent` leaves `!'()*`, which SigV4 wants encoded. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Host and path of `key` in the store. */
export function locate(store: StoreConfig, key: string) {
  const endpoint = new URL(store.endpoint);
  const path = `/${key.split('/').map(encode).join('/')}`;
  return store.pathStyle
    ? { endpoint, host: endpoint.host, path: `${endpoint.pathname.replace(/\/$/, '')}/${store.bucket}${path}` }
    : { endpoint, host: `${store.bucket}.${endpoint.host}`, path };
}

const BOUND = new Set(['host', 'content-length', 'content-md5']);
const IN_HEADER = new Set(['content-md5', 'content-length']);

/**
 * Signs part URLs without the SDK's command pipeline: a fifth of its time.
 * The URL is bound to length and, where given, to Content-MD5 (SigV4, query form, unsigned payload).
 */
export function partPresigner(client: S3Client, store: StoreConfig): Bucket['presignPart'] {
  const signer = new S3RequestPresigner({
    region: store.region,
    credentials: client.config.credentials,
    sha256: client.config.sha256,
  });
  return async ({ key, uploadId }, { partNumber, size, digest }, expiresIn) => {
    const { endpoint, host, path } = locate(store, key);
    const headers: Record<string, string> = digest ? { 'content-md5': digest } : {};
    const signed = await signer.presign(
      new HttpRequest({
        method: 'PUT',
        protocol: endpoint.protocol,
        hostname: host,
        path,
        // As the SDK's own commands say what they are.
        query: { partNumber: String(partNumber), uploadId, 'x-id': 'UploadPart' },
        headers: { host, 'content-length': String(size), ...headers },
      }),
      { expiresIn, signableHeaders: BOUND, unhoistableHeaders: IN_HEADER },
    );
    const query = Object.entries(signed.query ?? {}).map(([name, value]) => `${encode(name)}=${encode(String(value))}`);
    return { url: `${endpoint.protocol}//${host}${path}?${query.join('&')}`, headers };
  };
}
