import type { StoreConfig } from '../config/config.ts';
import { canonicalQuery, encodePath } from '../signature/canonical.ts';
import { sha256Hex, signers } from '../signature/signer.ts';
import type { Bucket } from './bucket.ts';

/** Host and path of `key` in the store. */
export function locate(store: StoreConfig, key: string) {
  const endpoint = new URL(store.endpoint);
  const path = `/${encodePath(key)}`;
  return store.pathStyle
    ? { endpoint, host: endpoint.host, path: `${endpoint.pathname.replace(/\/$/, '')}/${store.bucket}${path}` }
    : { endpoint, host: `${store.bucket}.${endpoint.host}`, path };
}

/**
 * Signs part URLs as the SDK does, in a tenth of its time: thousands of them are the most that this server computes.
 * The URL is bound to length and, where given, to Content-MD5 (AWS Signature Version 4, query form, unsigned payload).
 */
export function partPresigner(store: StoreConfig): Bucket['presignPart'] {
  const signerFor = signers(store.secretKey);
  return async ({ key, uploadId }, { partNumber, size, digest }, expiresIn) => {
    const { endpoint, host, path } = locate(store, key);
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const signer = signerFor(`${time.slice(0, 8)}/${store.region}/s3/aws4_request`);
    const headers: Record<string, string> = digest ? { 'content-md5': digest } : {};
    const bound = Object.entries({ 'content-length': String(size), ...headers, host });
    const query = canonicalQuery([
      ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
      ['X-Amz-Content-Sha256', 'UNSIGNED-PAYLOAD'],
      ['X-Amz-Credential', `${store.accessKey}/${signer.scope}`],
      ['X-Amz-Date', time],
      ['X-Amz-Expires', String(expiresIn)],
      ['X-Amz-SignedHeaders', bound.map(([name]) => name).join(';')],
      ...(store.sessionToken ? ([['X-Amz-Security-Token', store.sessionToken]] as [string, string][]) : []),
      ['partNumber', String(partNumber)],
      ['uploadId', uploadId],
      ['x-id', 'UploadPart'],
    ]);
    const request = [
      'PUT',
      path,
      query,
      ...bound.map((pair) => pair.join(':')),
      '',
      bound.map(([name]) => name).join(';'),
      'UNSIGNED-PAYLOAD',
    ].join('\n');
    const signature = signer.sign(['AWS4-HMAC-SHA256', time, signer.scope, sha256Hex(request)].join('\n'));
    return { url: `${endpoint.protocol}//${host}${path}?${query}&X-Amz-Signature=${signature}`, headers };
  };
}
