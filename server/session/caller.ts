import { UploadError } from '../contract/errors.ts';
import type { Grant } from '../database/credentials.ts';
import { findApiKey, findGrant } from '../database/credentials.ts';
import type { Deps } from '../deps.ts';
import { looksLikeJwt } from '../identity/jwt.ts';
import { tellRequest } from '../log/request.ts';
import { hashToken, isApiKey, isGrant, isResumeToken } from '../token.ts';

/** Who is asking. `grant` is set where the credential only allows to begin sessions. */
export interface Caller {
  userId: string;
  apiKeyId: string | null;
  grant?: Grant;
  /** SHA-256 of the credential. */
  credentialHash: Uint8Array;
}

/** Whether an API key stands for the caller: no grant, and nobody whom only the app or another issuer names. */
export const holdsKey = ({ grant, credentialHash }: Caller): boolean => !grant && credentialHash.length > 0;

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);
const FORWARDING =
  /^(forwarded|via|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|x-forwarded(-.*)?|cf-.*|fly-.*)$/;
const DEV_KEY = 'dev';

const hostOf = (value: string) => (URL.canParse(value) ? new URL(value).hostname : '');

/** Whether the request came straight from a program or page of this machine. */
export function isLocal(headers: Headers): boolean {
  const origin = headers.get('origin');
  return (
    LOCAL.has(hostOf(`http://${headers.get('host')}`)) &&
    (origin === null || LOCAL.has(hostOf(origin))) &&
    ![...headers.keys()].some((name) => FORWARDING.test(name))
  );
}

export const bearerOf = (headers: Headers) => /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];

/** The credential that the request carries, if any; a resume token is none. */
export function credentialOf(headers: Headers): string | undefined {
  const bearer = bearerOf(headers);
  return headers.get('x-api-key') || (bearer && !isResumeToken(bearer) ? bearer : undefined);
}

/** The resume token of a request without a body: in `X-Resume-Token`, or as `Authorization: Bearer`. */
export function resumeTokenOf(headers: Headers): string | undefined {
  const bearer = bearerOf(headers);
  return headers.get('x-resume-token') || (bearer && isResumeToken(bearer) ? bearer : undefined);
}

/**
 * Who the request's credential stands for, or, where it carries none of ours, whom the JWT or the app's own
 * `authenticate` names. Throws `UNAUTHENTICATED`, `GRANT_EXPIRED` or `IDENTITY_UNAVAILABLE`.
 */
export async function authenticate(deps: Deps, request: Request): Promise<Caller> {
  const caller = await identify(deps, request);
  tellRequest({ userId: caller.userId });
  return caller;
}

async function identify(deps: Deps, request: Request): Promise<Caller> {
  const credential = credentialOf(request.headers);
  if (!isOurs(credential)) {
    const bearer = credential === bearerOf(request.headers) ? credential : undefined;
    if (deps.identify && bearer && (looksLikeJwt(bearer) || !deps.authenticate))
      return named(await deps.identify(bearer, deps.clock()));
    if (deps.authenticate) return authenticateByApp(deps, deps.authenticate, request);
  }
  if (!credential)
    throw new UploadError(
      'UNAUTHENTICATED',
      `Send an API key in X-API-Key, or a key${deps.identify ? ', a JWT' : ''} or a grant as Authorization: Bearer.`,
    );
  const credentialHash = hashToken(credential);
  if (credential === DEV_KEY) {
    if (deps.dev && isLocal(request.headers)) return { userId: 'dev', apiKeyId: null, credentialHash };
    throw new UploadError('UNAUTHENTICATED', 'The key "dev" works only with --dev and only from this machine.');
  }
  if (isGrant(credential)) {
    const grant = await deps.database.single({ credentialHash }, (sql) => findGrant(sql, credentialHash));
    if (!grant) throw new UploadError('UNAUTHENTICATED', 'This grant is not known here; ask for a new one.');
    if (grant.expiresAt <= deps.clock())
      throw new UploadError('GRANT_EXPIRED', 'This grant has expired; ask for a new one.');
    return { userId: grant.userId, apiKeyId: grant.apiKeyId, grant, credentialHash };
  }
  const key = await deps.database.single({ credentialHash }, (sql) => findApiKey(sql, credentialHash));
  if (!key) throw new UploadError('UNAUTHENTICATED', 'This API key is not known here.');
  if (key.revokedAt) throw new UploadError('UNAUTHENTICATED', 'This API key has been revoked.');
  return { userId: key.userId, apiKeyId: key.id, credentialHash };
}

const isOurs = (credential: string | undefined): boolean =>
  credential !== undefined && (credential === DEV_KEY || isGrant(credential) || isApiKey(credential));

/** A user whom nothing of ours stands for. */
const named = (userId: string): Caller => ({ userId, apiKeyId: null, credentialHash: new Uint8Array() });

/** A page of another origin must not act by the cookies of whoever looks at it. */
function isTrusted({ allowedOrigins }: Deps, { headers }: Request): boolean {
  const origin = headers.get('origin');
  if (origin === null) return headers.get('sec-fetch-site') !== 'cross-site';
  return allowedOrigins.includes(origin) || (URL.canParse(origin) && new URL(origin).host === headers.get('host'));
}

async function authenticateByApp(
  deps: Deps,
  ask: NonNullable<Deps['authenticate']>,
  request: Request,
): Promise<Caller> {
  const { method, headers, url } = request;
  // Without the body, which is still to be read.
  if (!isTrusted(deps, request))
    throw new UploadError(
      'UNAUTHENTICATED',
      `Pages of ${headers.get('origin') ?? 'other sites'} may not sign in here: add their origin to ALLOWED_ORIGINS.`,
    );
  const userId = await ask(new Request(url, { method, headers }));
  if (!userId) throw new UploadError('UNAUTHENTICATED', 'Nobody is signed in; sign in again.');
  return named(userId);
}

/** Like `authenticate`, but a grant is not enough. */
export async function authenticateUser(deps: Deps, request: Request): Promise<Caller> {
  const caller = await authenticate(deps, request);
  if (caller.grant)
    throw new UploadError('FORBIDDEN', 'A grant may only begin uploads; send the credentials of the user.');
  return caller;
}
