import { type Bucket, StoreFault } from '../bucket/bucket.ts';
import type { Deps } from '../deps.ts';

/** How one of the things stands that the server cannot do without. */
export interface Check {
  name: 'database' | Bucket['provider'];
  ready: boolean;
  /** Since when it stands so, as far as anybody has asked. */
  since: Date;
  /** Why it is not ready, and what to do: one sentence. */
  message?: string;
}

/** Many may ask: they are told what was found so long ago. */
const FRESH_MS = 1_000;
const LIMIT_MS = 2_000;
const LATE = `no answer within ${LIMIT_MS / 1000} s`;

type Needed = Pick<Deps, 'database' | 'buckets' | 'clock' | 'log'>;

/**
 * Returns what asks the database and every bucket whether they answer; takes 2 s at most and never rejects. One that is
 * not ready, or is so again, is logged once.
 */
export function createReadiness({ database, buckets, ...deps }: Needed) {
  const checks = [
    createCheck('database', () => database.ping(), databaseTrouble, deps),
    ...Object.values(buckets).map((bucket) =>
      createCheck(bucket.provider, bucket.ping, (error) => bucketTrouble(bucket, error), deps),
    ),
  ];
  return (): Promise<Check[]> => Promise.all(checks.map((check) => check()));
}

/** All who ask at a time share one question, and no second one is put while the first is without an answer. */
function createCheck(
  name: Check['name'],
  ping: (signal: AbortSignal) => Promise<void>,
  explain: (error: unknown) => string,
  { clock, log }: Pick<Deps, 'clock' | 'log'>,
): () => Promise<Check> {
  let asked: Promise<unknown> | undefined;
  let standing: Check | undefined;
  let latest: Promise<Check>;
  let freshUntil = Number.NEGATIVE_INFINITY;

  /** Undefined where all is well. */
  async function trouble(): Promise<string | undefined> {
    const limit = new AbortController();
    asked ??= ping(limit.signal)
      .then(() => undefined, explain)
      .finally(() => {
        asked = undefined;
      });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => {
        resolve(explain({ code: LATE }));
        limit.abort();
      }, LIMIT_MS);
    });
    const found = await Promise.race([asked as Promise<string | undefined>, late]);
    clearTimeout(timer);
    return found;
  }

  async function look(): Promise<Check> {
    const message = await trouble();
    const ready = message === undefined;
    // Nobody needs to hear that all is as it should be from the start.
    if (ready !== (standing?.ready ?? true)) log('readiness', { name, ready, message });
    const since = standing?.ready === ready ? standing.since : clock();
    standing = { name, ready, since, ...(message !== undefined && { message }) };
    freshUntil = performance.now() + FRESH_MS;
    return standing;
  }

  return () => {
    if (performance.now() >= freshUntil) {
      freshUntil = Number.POSITIVE_INFINITY;
      latest = look();
    }
    return latest;
  };
}

const codeOf = (error: unknown) => {
  const { code, name } = error as { code?: string; name?: string };
  return code ?? name ?? 'unknown error';
};

/** PostgreSQL's classes 28 (authorization), 3D (no such database) and 42 (a missing right). */
function databaseTrouble(error: unknown): string {
  const code = codeOf(error);
  return /^(28|3D|42)/.test(code)
    ? `The database refuses the server (${code}): check DATABASE_URL.`
    : `The database does not answer (${code}).`;
}

function bucketTrouble({ name }: Bucket, error: unknown): string {
  return error instanceof StoreFault && error.kind !== 'unavailable'
    ? `The bucket ${name} refuses the server (${error.code}): run "npm run doctor" to see what is wrong.`
    : `The bucket ${name} does not answer (${codeOf(error)}).`;
}
