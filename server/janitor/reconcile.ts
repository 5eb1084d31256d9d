import type { Bucket, Upload } from '../bucket/bucket.ts';
import type { Session } from '../database/session.ts';
import { findByKeys, findOpenBetween } from '../database/upkeep.ts';
import type { Deps } from '../deps.ts';
import { isBegun, isOpen } from '../session/session.ts';
import { storedParts } from '../session/stored.ts';
import { hold, SCOPE } from './chores.ts';

/** Sessions looked at in one query. */
const PAGE = 1000;

export interface Reconciled {
  /** Uploads in the store that belonged to no open session of ours, and were aborted. */
  strays: number;
  /** Sessions whose upload the store has lost. */
  lost: number;
  /** Uploads under the prefix that this database knows nothing of: left alone. */
  foreign: number;
}

/**
 * Compares the store's unfinished uploads under the prefix with the open sessions, both ways, page by page in the
 * order of their keys. A key has 24 random bytes: only what one of our sessions names is ours.
 */
export async function reconcile(deps: Deps, bucket: Bucket, isStopping: () => boolean): Promise<Reconciled> {
  const tally = { strays: 0, lost: 0, foreign: 0 };
  let after = deps.keyPrefix;
  /** Uploads of the last key of a page may go on in the next. */
  let carried: Upload[] = [];
  for await (const page of bucket.listUploads(deps.keyPrefix)) {
    if (isStopping()) return tally;
    const uploads = [...carried, ...page];
    const last = uploads.at(-1)?.key;
    carried = uploads.filter(({ key }) => key === last);
    const whole = uploads.filter(({ key }) => key !== last);
    const upTo = whole.at(-1)?.key;
    if (upTo === undefined) continue;
    await compare(deps, bucket, { uploads: whole, after, upTo }, tally);
    after = upTo;
  }
  await compare(deps, bucket, { uploads: carried, after, upTo: undefined }, tally);
  return tally;
}

interface Stretch {
  uploads: Upload[];
  /** Keys above this one … */
  after: string;
  /** … and up to this one. */
  upTo: string | undefined;
}

async function compare(deps: Deps, bucket: Bucket, stretch: Stretch, tally: Reconciled): Promise<void> {
  const keys = [...new Set(stretch.uploads.map(({ key }) => key))];
  const known = new Map(
    (await deps.database.single(SCOPE, (sql) => findByKeys(sql, bucket.name, keys))).map((s) => [s.fileKey, s]),
  );
  for (const upload of stretch.uploads) {
    const session = known.get(upload.key);
    if (!session) tally.foreign++;
    else if (isStray(session, upload)) {
      await bucket.abortUpload(upload);
      tally.strays++;
    }
  }
  const listed = new Set(stretch.uploads.map(({ uploadId }) => uploadId));
  for await (const session of openWithin(deps, bucket, stretch))
    if (!listed.has(session.uploadId!) && (await isLost(deps, session))) tally.lost++;
}

/** One that is just being begun is not written down yet, and one just completed may be listed a little longer. */
const isStray = (session: Session, { uploadId }: Upload): boolean =>
  session.uploadId === uploadId
    ? session.status === 'aborted' || session.status === 'failed'
    : isBegun(session) || !isOpen(session);

/** Under the prefix: what an app put elsewhere was not listed. */
async function* openWithin(deps: Deps, bucket: Bucket, { after, upTo }: Stretch): AsyncGenerator<Session> {
  for (let from = after; ; ) {
    const where = { after: from, last: upTo, limit: PAGE };
    const page = await deps.database.single(SCOPE, (sql) => findOpenBetween(sql, bucket.name, where));
    const ours = page.filter(({ fileKey }) => fileKey.startsWith(deps.keyPrefix));
    yield* ours;
    if (ours.length < PAGE) return;
    from = ours.at(-1)!.fileKey;
  }
}

/** The store is asked itself before a session is given up: a list may be old. */
async function isLost(deps: Deps, session: Session): Promise<boolean> {
  const error = await storedParts(deps, hold(deps, session)).then(
    () => undefined,
    (error) => error,
  );
  if (error && error.code !== 'UPLOAD_EXPIRED' && error.code !== 'UPLOAD_ALREADY_COMPLETED') throw error;
  return error?.code === 'UPLOAD_EXPIRED';
}
