import { createHash } from 'node:crypto';
import type { Bucket } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import { type Credentials, storeOf } from '../credentials/credentials.ts';
import { seal, unseal } from '../credentials/seal.ts';
import type { Session } from '../database/session.ts';
import type { Deps } from '../deps.ts';
import { type Caller, holdsKey } from './caller.ts';

/** Throws `FORBIDDEN` where the caller may not bring credentials of its own. */
export function assertMayBring(deps: Deps, caller: Caller, headers: Headers): void {
  const refuse = (why: string) => {
    throw new UploadError('FORBIDDEN', why);
  };
  if (!deps.requestCredentials)
    refuse('This server takes no credentials in requests: its operator can set ALLOW_REQUEST_CREDENTIALS=true.');
  if (!holdsKey(caller)) refuse('Only with an API key may a request bring credentials of its own.');
  // A browser sends it with every POST.
  if (headers.has('origin'))
    refuse('Credentials in a request are for servers: a page must never know them, and this request is from a page.');
}

export const sealCredentials = (deps: Deps, sessionId: string, credentials: Credentials): Uint8Array =>
  seal(deps.secret, sessionId, JSON.stringify(credentials), deps.random);

/** Whether the credentials of the session are gone: it has ended, and nothing is left to do in the store. */
export const isForgotten = (session: Pick<Session, 'callersBucket' | 'sealedCredentials'>): boolean =>
  session.callersBucket && !session.sealedCredentials;

/** The bucket that the caller brought. Throws `STORE_UNAVAILABLE` where the secret that seals its keys is lost. */
export function openBrought(deps: Deps, { id, sealedCredentials }: Pick<Session, 'id' | 'sealedCredentials'>): Bucket {
  if (!sealedCredentials)
    throw new UploadError('STORE_UNAVAILABLE', 'This upload has ended, and the credentials of its bucket are gone.');
  const mark = createHash('sha256').update(id).update(sealedCredentials).digest('hex');
  return deps.broughtBuckets.take(mark, () => {
    const text = unseal([deps.secret, ...deps.previousSecrets], id, sealedCredentials);
    if (text !== undefined) return deps.openBucket(storeOf(JSON.parse(text)));
    deps.log('sealed', {
      sessionId: id,
      message:
        'What this upload is sealed under is neither PARTWAY_SECRET nor one of PARTWAY_SECRET_PREVIOUS: put the old secret into PARTWAY_SECRET_PREVIOUS, and it goes on.',
    });
    throw new UploadError(
      'STORE_UNAVAILABLE',
      'The credentials of this upload cannot be opened here just now; tell the operator.',
      {
        retryAfter: 60,
      },
    );
  });
}
