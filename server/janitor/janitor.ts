import { StoreFault } from '../bucket/bucket.ts';
import { type Chore, pruneEvents, pruneGrants, pruneSessions, takeChores, takeRound } from '../database/upkeep.ts';
import type { Deps } from '../deps.ts';
import { createBell } from '../webhook/bell.ts';
import { CHORES, SCOPE } from './chores.ts';
import { type Reconciled, reconcile } from './reconcile.ts';

/** Sessions at a time. */
const LANES = 8;
/** Times that many of one chore in one round: none keeps the others waiting. */
const BATCHES = 50;
/** What one janitor has taken the others leave alone for so long; it is also the pause after a failure. */
const TENDED_SECONDS = 300;
const RECONCILE_SECONDS = 3600;
const PRUNED_AT_ONCE = 1000;
const EVENT_DAYS = 10;

/** What one round has done, in numbers of sessions, uploads and rows. */
export interface Tally extends Record<Chore, number>, Reconciled {
  pruned: number;
  /** What could not be done and is left to a later round. */
  postponed: number;
  /** Chores of which there was more than one round may take: the next may begin at once. */
  unfinished: number;
}

export interface RoundOptions {
  /** Ended sessions are kept for so long after their time. */
  retentionDays: number;
  /** Compares with the store even where that is not due. */
  always?: boolean;
  isStopping?: () => boolean;
}

const EMPTY: Tally = {
  overdue: 0,
  orphaned: 0,
  unmade: 0,
  unswept: 0,
  strays: 0,
  lost: 0,
  foreign: 0,
  pruned: 0,
  postponed: 0,
  unfinished: 0,
};

/** What somebody may want to know of: the rest is every day's work. */
const TOLD = ['overdue', 'orphaned', 'unmade', 'strays', 'lost'] as const;

/** One round of everything that is due. Never rejects: what fails is logged, counted, and left to a later round. */
export async function runRound(deps: Deps, options: RoundOptions): Promise<Tally> {
  const { retentionDays, always = false, isStopping = () => false } = options;
  const tally = { ...EMPTY };
  const troubled = new Set<string>();
  /** Said once in a round: what ails one ails all. */
  const trouble = (what: string, error: unknown, more: object = {}) => {
    tally.postponed++;
    if (troubled.has(what)) return;
    troubled.add(what);
    const { code, message } = error as { code?: string; message?: string };
    deps.log('janitor', { what, ...more, cause: code ?? message });
  };
  const attempt = (what: string, work: () => Promise<unknown>) => work().catch((error) => trouble(what, error));

  /** Until none is due, or it is the next chore's turn; a store that is away is not asked for each of thousands. */
  const doAll = (chore: Chore) => async () => {
    let away = false;
    for (let batch = 0; !away && !isStopping(); batch++) {
      if (batch === BATCHES) {
        tally.unfinished++;
        return;
      }
      const taken = await deps.database.single(SCOPE, (sql) => takeChores(sql, chore, LANES, TENDED_SECONDS));
      if (!taken.length) return;
      away = true;
      const done = taken.map((session) =>
        CHORES[chore](deps, session).then(
          () => {
            tally[chore]++;
            away = false;
          },
          (error) => {
            trouble(chore, error, { sessionId: session.id });
            // That of a caller says nothing of ours.
            if (!(error instanceof StoreFault) || session.callersBucket) away = false;
          },
        ),
      );
      await Promise.all(done);
    }
  };
  for (const chore of Object.keys(CHORES) as Chore[]) await attempt(chore, doAll(chore));
  await attempt('reconcile', async () => {
    const due = await deps.database.single(SCOPE, (sql) => takeRound(sql, 'reconcile', RECONCILE_SECONDS));
    for (const bucket of due || always ? Object.values(deps.buckets) : []) {
      const found = await reconcile(deps, bucket, isStopping);
      for (const name of ['strays', 'lost', 'foreign'] as const) tally[name] += found[name];
    }
  });
  await attempt('prune', async () => {
    for (let removed = PRUNED_AT_ONCE; removed === PRUNED_AT_ONCE && !isStopping(); tally.pruned += removed)
      removed = await deps.database.single(SCOPE, (sql) => pruneSessions(sql, retentionDays, PRUNED_AT_ONCE));
    await deps.database.single(SCOPE, pruneGrants);
    await deps.database.single({ service: 'outbox' }, (sql) => pruneEvents(sql, EVENT_DAYS));
  });
  return tally;
}

/** Does a round at once and then every `everySeconds`, more or less: servers that start together need not stay so. */
export function startJanitor(deps: Deps, everySeconds: number, options: Pick<RoundOptions, 'retentionDays'>) {
  const bell = createBell();
  let stopping = false;
  const isStopping = () => stopping;
  const run = async () => {
    while (!stopping) {
      const tally = await runRound(deps, { ...options, isStopping });
      deps.metrics?.tidied({ ...tally });
      const told = TOLD.filter((name) => tally[name]).map((name) => [name, tally[name]]);
      if (told.length) deps.log('janitor', Object.fromEntries(told));
      if (!stopping && !tally.unfinished) await bell.wait(everySeconds * 1000 * (0.75 + Math.random() / 2));
    }
  };
  const running = run();
  return {
    /** What it is at is finished first. */
    stop: async () => {
      stopping = true;
      bell.ring();
      await running;
    },
  };
}
