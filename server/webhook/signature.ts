import { createHmac } from 'node:crypto';

/** Bytes of a secret, by the Standard Webhooks specification. */
const SHORTEST = 24;
const LONGEST = 64;

/**
 * The keys in `text`: one `whsec_` + base64 of 24 to 64 bytes, or several with blanks between while an old one is
 * being replaced. Undefined where one of them is none.
 */
export function parseSecrets(text: string): Uint8Array[] | undefined {
  const keys = text.trim().split(/\s+/).map(parseSecret);
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

function parseSecret(text: string): Uint8Array | undefined {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  const key = Buffer.from(base64 ?? '', 'base64');
  // Node's decoder takes anything; what does not encode to itself was no base64.
  const sound = base64 !== undefined && key.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
  return sound && key.length >= SHORTEST && key.length <= LONGEST ? key : undefined;
}

/**
 * The headers of one attempt: HMAC-SHA256 over `id.timestamp.body`, once for each key.
 * Standard Webhooks 1.0.0, https://github.com/standard-webhooks/standard-webhooks
 */
export function signatureHeaders(keys: Uint8Array[], id: string, at: Date, body: string): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const sign = (key: Uint8Array) => createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.map((key) => `v1,${sign(key)}`).join(' '),
  };
}
