import type { StoreConfig } from '../config/config.ts';
import { canonicalQuery, canonicalValue, encodePath } from '../signature/canonical.ts';
import { sha256Hex, signers } from '../signature/signer.ts';
import type { Bucket, ObjectHeaders } from './bucket.ts';

/** Host and path of `key` in the store. */
export function locate(store: StoreConfig, key: string) {
  const endpoint = new URL(store.endpoint);
  const path = `/${encodePath(key)}`;
  return store.pathStyle
    ? { endpoint, host: endpoint.host, path: `${endpoint.pathname.replace(/\/$/, '')}/${store.bucket}${path}` }
    : { endpoint, host: `${store.bucket}.${endpoint.host}`, path };
}

/** As a request carries them, by their names in small letters. */
export function carried({ contentType, contentDisposition, metadata }: ObjectHeaders): Record<string, string> {
  const own = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  // Whoever sends it takes the blanks off its ends.
  return { 'content-disposition': contentDisposition, 'content-type': contentType.trim(), ...Object.fromEntries(own) };
}

/**
 * Signs URLs for PUT as the SDK does, in a tenth of its time: thousands of them are the most that this server computes.
 * A URL is bound to the length of its body and to every header that comes with it, Content-MD5 among them (AWS Signature
 * Version 4, query form, unsigned payload).
 */
export function presigner(store: StoreConfig): Pick<Bucket, 'presignPart' | 'presignObject'> {
  const signerFor = signers(store.secretKey);
  const security: [string, string][] = store.sessionToken ? [['X-Amz-Security-Token', store.sessionToken]] : [];

  function presign(
    key: string,
    size: number,
    headers: Record<string, string>,
    operation: [name: string, value: string][],
    expiresIn: number,
  ) {
    const { endpoint, host, path } = locate(store, key);
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const signer = signerFor(`${time.slice(0, 8)}/${store.region}/s3/aws4_request`);
    const bound = Object.entries({ ...headers, 'content-length': String(size), host }).sort(([a], [b]) =>
      a < b ? -1 : 1,
    );
    const names = bound.map(([name]) => name).join(';');
    const query = canonicalQuery([
      ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
      ['X-Amz-Content-Sha256', 'UNSIGNED-PAYLOAD'],
      ['X-Amz-Credential', `${store.accessKey}/${signer.scope}`],
      ['X-Amz-Date', time],
      ['X-Amz-Expires', String(expiresIn)],
      ['X-Amz-SignedHeaders', names],
      ...security,
      ...operation,
    ]);
    const values = bound.map(([name, value]) => `${name}:${canonicalValue(value)}`);
    const request = ['PUT', path, query, ...values, '', names, 'UNSIGNED-PAYLOAD'].join('\n');
    const signature = signer.sign(['AWS4-HMAC-SHA256', time, signer.scope, sha256Hex(request)].join('\n'));
    return { url: `${endpoint.protocol}//${host}${path}?${query}&X-Amz-Signature=${signature}`, headers };
  }

  return {
    presignPart: async ({ key, uploadId }, { partNumber, size, digest }, expiresIn) =>
      presign(
        key,
        size,
        digest ? { 'content-md5': digest } : {},
        [
          ['partNumber', String(partNumber)],
          ['uploadId', uploadId],
          ['x-id', 'UploadPart'],
        ],
        expiresIn,
      ),
    presignObject: async (key, { size, digest, headers }, expiresIn) =>
      presign(key, size, { 'content-md5': digest, ...carried(headers) }, [['x-id', 'PutObject']], expiresIn),
  };
}
