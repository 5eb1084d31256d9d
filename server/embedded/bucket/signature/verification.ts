import { canonicalRequest } from '../../../signature/canonical.ts';
import { type Signer, same, sha256Hex, signers } from '../../../signature/signer.ts';
import { BucketError } from '../errors.ts';
import type { Target } from '../target.ts';
import { type Claim, claimOf } from './claim.ts';

/** A request whose signature holds. */
export interface Verified extends Pick<Claim, 'inQuery' | 'payload' | 'date' | 'signature'> {
  signer: Signer;
}

export interface Credentials {
  accessKey: string;
  secretKey: string;
  clock: () => Date;
}

/** AWS: a request's clock may be 15 minutes off. */
const SKEW_MS = 15 * 60_000;

function timeOf(date: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)?.slice(1).map(Number);
  if (!parts) throw new BucketError('AccessDenied', 'AWS authentication requires a valid X-Amz-Date.');
  const [year, month, day, hour, minute, second] = parts as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function checkTime(claim: Claim, now: number): void {
  const signed = timeOf(claim.date);
  if (!claim.scope.startsWith(claim.date.slice(0, 8)))
    throw new BucketError('SignatureDoesNotMatch', 'The date of the credential is not the date of the request.');
  if (claim.inQuery) {
    if (now > signed + claim.expires * 1000) throw new BucketError('AccessDenied', 'Request has expired');
    if (signed > now + SKEW_MS) throw new BucketError('AccessDenied', 'Request is not valid yet');
  } else if (Math.abs(now - signed) > SKEW_MS)
    throw new BucketError(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    );
}

/** AWS: `host` and every `x-amz-` header that is sent must be signed, so that nothing can be slipped in. */
function checkSignedHeaders(claim: Claim, headers: Headers): void {
  const unsigned = [...headers.keys()].filter(
    (name) => name.startsWith('x-amz-') && !claim.signedHeaders.includes(name),
  );
  if (!claim.signedHeaders.includes('host')) unsigned.push('host');
  if (unsigned.length)
    throw new BucketError(
      'AccessDenied',
      `There were headers in the request which were not signed: ${unsigned.join(', ')}`,
    );
}

/**
 * Gives a function that believes a request or throws: AccessDenied (also "Request has expired"), InvalidAccessKeyId,
 * RequestTimeTooSkewed, SignatureDoesNotMatch. Any region is accepted in the scope.
 */
export function verification(credentials: Credentials): (request: Request, target: Target) => Verified {
  const signerOf = signers(credentials.secretKey);
  return (request, target) => {
    const claim = claimOf(request.headers, target);
    if (!same(claim.accessKey, credentials.accessKey))
      throw new BucketError('InvalidAccessKeyId', 'The access key you provided does not exist in our records.');
    checkTime(claim, credentials.clock().getTime());
    checkSignedHeaders(claim, request.headers);
    const { path, parameters } = target;
    const { signedHeaders, payload } = claim;
    const header = (name: string) => request.headers.get(name) ?? (name === 'host' ? new URL(request.url).host : '');
    const canonical = canonicalRequest({ method: request.method, path, parameters, signedHeaders, header, payload });
    const signer = signerOf(claim.scope);
    const wanted = signer.sign(['AWS4-HMAC-SHA256', claim.date, claim.scope, sha256Hex(canonical)].join('\n'));
    if (!same(claim.signature, wanted))
      throw new BucketError(
        'SignatureDoesNotMatch',
        'The signature we calculated does not match the one you provided.',
      );
    return { inQuery: claim.inQuery, payload, date: claim.date, signature: claim.signature, signer };
  };
}
