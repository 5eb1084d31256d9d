import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { UploadError } from '../contract/errors.ts';
import { isCarried } from '../session/policy.ts';
import { openKeySet } from './keyset.ts';

/** How tokens of other issuers are checked. */
export interface Identity {
  /** Of HS256; or where the public keys of RS256 and ES256 are. */
  keys: { secret: string } | { jwksUrl: string };
  /** What `iss` must be. */
  issuer: string | undefined;
  /** What `aud` must be, or have among others. */
  audience: string | undefined;
}

/**
 * The user that a JWT stands for (RFC 7519), its `sub`. Throws `UNAUTHENTICATED`, or `IDENTITY_UNAVAILABLE` where its
 * key cannot be read.
 */
export type Identify = (token: string, now: Date) => Promise<string>;

/** Clocks of two machines differ by so much. */
const TOLERANCE_SECONDS = 10;
const LONGEST_USER = 255;

/** Three parts in base64url with dots between, as a signed token is written. */
export const looksLikeJwt = (credential: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(credential);

type Keys = { algorithms: string[]; keysAt: (now: number) => JWTVerifyGetKey };

function keysOf(keys: Identity['keys']): Keys {
  if ('jwksUrl' in keys) return { algorithms: ['RS256', 'ES256'], keysAt: openKeySet(keys.jwksUrl) };
  const secret = new TextEncoder().encode(keys.secret);
  return { algorithms: ['HS256'], keysAt: () => () => secret };
}

/** The algorithm follows from the configuration alone: what a token says of it may only agree. */
export function openIdentity({ keys, issuer, audience }: Identity): Identify {
  const { algorithms, keysAt } = keysOf(keys);
  return async (token, now) => {
    const { payload } = await jwtVerify(token, keysAt(now.getTime()), {
      algorithms,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: now,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    }).catch((error) => {
      throw explained(error, algorithms);
    });
    const { sub } = payload;
    if (typeof sub !== 'string' || !sub || sub.length > LONGEST_USER || !isCarried(sub))
      throw refused(`This token names no user: its "sub" must be text of 1 to ${LONGEST_USER} characters.`);
    return sub;
  };
}

const refused = (message: string) => new UploadError('UNAUTHENTICATED', message);

/** In a sentence that shows nothing of the token. What is no fault of the token is passed on. */
function explained(error: unknown, algorithms: string[]): unknown {
  if (error instanceof errors.JWTExpired) return refused('This token has expired; sign in again.');
  if (error instanceof errors.JWTClaimValidationFailed) return refused(claimFault(error));
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refused(`This token is not signed by ${algorithms.join(' or ')}, which is all that is taken here.`);
  if (error instanceof errors.JWKSNoMatchingKey)
    return refused('This token is signed with a key that is not known here; sign in again.');
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return refused('This token does not say which key it is signed with: its header needs a "kid".');
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refused('The signature of this token does not hold; sign in again.');
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported
  )
    return refused('This is no key, grant or signed token (JWT) that is known here.');
  return error;
}

function claimFault({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (reason === 'missing') return `This token lacks the claim "${claim}".`;
  if (claim === 'iss') return 'This token is from another issuer than the one that is trusted here.';
  if (claim === 'aud') return 'This token is meant for another audience.';
  if (claim === 'nbf' && reason === 'check_failed') return 'This token is not valid yet; try again later.';
  return `The claim "${claim}" of this token is not what it should be.`;
}
