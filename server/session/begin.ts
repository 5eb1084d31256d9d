import type { Bucket } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import { type Plan, planParts } from '../contract/plan.ts';
import type { Profile } from '../contract/profile.ts';
import type { InitAnswer, InitRequest } from '../contract/wire.ts';
import { bringsCredentials, type Credentials, credentialsOf, storeOf } from '../credentials/credentials.ts';
import type { Query } from '../database/connection.ts';
import { insertSession } from '../database/creation.ts';
import { spendGrant } from '../database/credentials.ts';
import type { NewSession, Session } from '../database/session.ts';
import { findByIdempotencyKey } from '../database/sessions.ts';
import { findUsage } from '../database/usage.ts';
import type { Deps } from '../deps.ts';
import { allowsType, assertAllowed, assertWithin } from '../limits.ts';
import { hashToken, newId, resumeToken } from '../token.ts';
import { sealCredentials } from './bring.ts';
import type { Caller } from './caller.ts';
import { issueToken } from './claim.ts';
import { CREATION_LEASE, createUpload, tryCredentials } from './creation.ts';
import { objectHeaders } from './headers.ts';
import { heedPolicy } from './policy.ts';
import { assertOpen, bucketOf, isBegun, secondsLeft, tokenOf } from './session.ts';
import { partUrls, urlSeconds, type Wanted } from './urls.ts';

/**
 * Begins a session, or finds the one that the same `idempotencyKey` began: row first, then the store's upload, which a
 * single PUT does without.
 */
export async function beginSession(
  deps: Deps,
  caller: Caller,
  wish: InitRequest,
  idempotencyKey: string | null,
): Promise<InitAnswer> {
  const startedAt = performance.now();
  const bucket = chooseBucket(deps, wish);
  assertAllowed(deps.limits, wish);
  const asked = newSession(deps, caller, wish, bucket, idempotencyKey);
  // What is too much is refused before the row is written and the grant spent.
  objectHeaders(asked);
  const holder = newId(deps.random);
  const scope = { user: caller.userId, credentialHash: caller.credentialHash };
  const find = () => deps.database.single(scope, (sql) => findByIdempotencyKey(sql, caller.userId, idempotencyKey!));
  // What was begun already is not asked about again.
  const begun = deps.beforeInit && idempotencyKey !== null ? await find() : undefined;
  const fresh = begun ? asked : await heedPolicy(deps, asked);
  if (fresh !== asked) objectHeaders(fresh);
  const inserted = begun
    ? undefined
    : await deps.database.scoped(scope, (sql) => insert(sql, deps, caller, fresh, holder));
  let session = begun ?? inserted ?? (await find());
  if (!session)
    throw new UploadError('UPLOAD_STARTING', 'The same init is just being undone; ask again.', { retryAfter: 1 });
  if (!inserted) assertSame(session, fresh);
  assertOpen(session);
  if (!isBegun(session)) session = await createUpload(deps, caller, session, holder, !inserted);
  else if (inserted && session.callersBucket) await tryCredentials(deps, caller, session, holder);
  return answer(deps, session, wish, startedAt);
}

/** The bucket as far as a plan needs it; a caller's own comes with the keys to it. */
type Chosen = Pick<Bucket, 'provider' | 'name' | 'profile'> & { credentials?: Credentials };

function chooseBucket(deps: Deps, wish: InitRequest): Chosen {
  if (bringsCredentials(wish)) {
    const credentials = credentialsOf(wish);
    const { provider, bucket: name, profile } = storeOf(credentials);
    return { provider, name, profile, credentials };
  }
  const provider = wish.provider ?? deps.defaultProvider;
  const bucket = deps.buckets[provider];
  if (!bucket) throw new UploadError('INVALID_PROVIDER', `No ${provider} bucket is configured on this server.`);
  return bucket;
}

function newSession(
  deps: Deps,
  caller: Caller,
  wish: InitRequest,
  bucket: Chosen,
  idempotencyKey: string | null,
): NewSession {
  const id = newId(deps.random);
  const createdAt = deps.clock();
  const plan = planFor(wish, bucket.profile);
  return {
    ...plan,
    id,
    userId: caller.userId,
    apiKeyId: caller.apiKeyId,
    grantId: caller.grant?.id ?? null,
    provider: bucket.provider,
    bucket: bucket.name,
    fileKey: deps.keyPrefix + Buffer.from(deps.random(24)).toString('base64url'),
    filename: keptName(wish.filename),
    contentType: wish.contentType,
    idempotencyKey,
    fingerprint: wish.fingerprint ?? null,
    partDigest: deps.partDigest ? wholeDigest(wish, plan) : null,
    tokenHash: hashToken(resumeToken(deps.secret, id, 1)),
    metadata: wish.metadata ?? {},
    sealedCredentials: bucket.credentials ? sealCredentials(deps, id, bucket.credentials) : null,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + bucket.profile.sessionSeconds * 1000),
  };
}

/** The digest of a file that is to be sent in one part; null where the caller has not told it. */
function wholeDigest({ parts = [], partSize }: InitRequest, plan: Plan): string | null {
  const [part] = parts;
  const whole = plan.totalParts === 1 && parts.length === 1 && (partSize ?? plan.partSize) >= plan.fileSize;
  return whole && part?.partNumber === 1 ? part.digest : null;
}

/** Of a longer name its end is kept, where the extension is. */
const LONGEST_NAME = 4096;

/** Not cut within a character. */
const keptName = (name: string): string => name.slice(-LONGEST_NAME).replace(/^[\udc00-\udfff]/, '');

/** A caller that guessed, to send digests along, is told the right plan; one that demands an unlawful part size is refused. */
function planFor(wish: InitRequest, profile: Profile): Plan {
  try {
    return planParts(wish.fileSize, profile, wish.partSize);
  } catch (error) {
    if (wish.parts && error instanceof UploadError && error.code === 'INVALID_PART_SIZE')
      return planParts(wish.fileSize, profile);
    throw error;
  }
}

/** Row, account and grant change together or not at all. */
async function insert(
  sql: Query,
  { limits }: Deps,
  caller: Caller,
  fresh: NewSession,
  holder: string,
): Promise<Session | undefined> {
  const [session, usage] = await Promise.all([
    insertSession(sql, fresh, fresh.partDigest === null ? holder : null, CREATION_LEASE),
    findUsage(sql, caller.userId),
  ]);
  if (!session) return undefined;
  assertWithin(limits, usage);
  if (!caller.grant) return session;
  if (caller.grant.contentTypes.length && !allowsType(caller.grant.contentTypes, fresh.contentType))
    throw new UploadError('GRANT_EXHAUSTED', `This grant does not allow files of type ${fresh.contentType}.`);
  if (!(await spendGrant(sql, caller.grant.id, fresh.fileSize)))
    throw new UploadError('GRANT_EXHAUSTED', 'This grant has not enough left for this file; ask for a new one.');
  return session;
}

/** The same key must speak of the same file, and of the same bucket of the caller's where it has one. */
function assertSame(session: Session, fresh: NewSession): void {
  const same =
    session.filename === fresh.filename &&
    session.fileSize === fresh.fileSize &&
    session.contentType === fresh.contentType &&
    (session.partDigest === null || fresh.partDigest === null || session.partDigest === fresh.partDigest) &&
    session.callersBucket === (fresh.sealedCredentials !== null) &&
    (!session.callersBucket || (session.provider === fresh.provider && session.bucket === fresh.bucket));
  if (!same)
    throw new UploadError(
      'IDEMPOTENCY_CONFLICT',
      'This Idempotency-Key has begun another file; use a new one for each file.',
    );
}

async function answer(deps: Deps, session: Session, wish: InitRequest, startedAt: number): Promise<InitAnswer> {
  const parts = wantedParts(session, wish);
  return {
    success: true,
    resumeToken: tokenOf(deps, session) ?? (await reissued(deps, session)),
    sessionId: session.id,
    uploadId: session.uploadId,
    fileKey: session.fileKey,
    partUrls: await partUrls(deps, bucketOf(deps, session), session, parts),
    totalParts: session.totalParts,
    partSize: session.partSize,
    fileSize: session.fileSize,
    expiresIn: urlSeconds(deps, session, parts),
    sessionExpiresIn: secondsLeft(deps, session),
    initializationTime: Math.round(performance.now() - startedAt),
    message: `Upload begun: ${session.totalParts} ${session.totalParts === 1 ? 'part' : 'parts'}.`,
  };
}

/** Where the secret that the token was made with is lost. */
const reissued = (deps: Deps, session: Session): Promise<string> =>
  deps.database.single({ user: session.userId }, (sql) => issueToken(deps, sql, session));

/** Digests made for another plan get no URLs; a caller without digests gets as many as it asked for, all by default. */
function wantedParts(session: Session, wish: InitRequest): Wanted[] {
  if (wish.parts && session.partDigest === null) {
    const guessed =
      wish.partSize === session.partSize && wish.parts.every((part) => part.partNumber <= session.totalParts);
    return guessed ? wish.parts : [];
  }
  const count = Math.min(session.totalParts, wish.partUrlCount ?? session.totalParts);
  return Array.from({ length: count }, (_, index) => ({ partNumber: index + 1 }));
}
