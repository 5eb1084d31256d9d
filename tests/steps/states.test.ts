/** Whatever comes, in whatever order, however often a server stands still or dies in it: the diagram of states is kept. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import fc from 'fast-check';
import { type Deps, openDeps, readConfig } from '../../server/index.ts';
import { type Ground, openGround } from './ground.ts';
import { beginLife, type Call, type Deed } from './life.ts';

setDefaultTimeout(180_000);

const RUNS = 30;
const SERVERS = 2;
const DIAGRAM = new Set([
  'active paused',
  'paused active',
  'active completing',
  'paused completing',
  'completing active',
  'completing paused',
  'completing completed',
  'active aborted',
  'paused aborted',
  'active failed',
  'paused failed',
  'completing failed',
]);

let ground: Ground;
const servers: Deps[] = [];
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  ground = await openGround({ JANITOR_SECONDS: '0' });
  for (let count = 0; count < SERVERS; count++) {
    const { deps, close } = await openDeps(readConfig(ground.env), {
      authenticate: ({ headers }) => headers.get('x-user'),
      log: () => {},
    });
    servers.push(deps);
    closers.push(close);
  }
  // A witness of its own, beside the trigger that keeps the diagram.
  await ground.sql`create table seen (change text not null)`;
  await ground.sql`
    create function witness() returns trigger language plpgsql security definer as $$
    begin
      insert into seen values (old.status || ' ' || new.status);
      return null;
    end $$`;
  await ground.sql`
    create trigger witness after update of status on multipart_uploads
    for each row when (old.status <> new.status) execute function witness()`;
});
afterAll(async () => {
  for (const close of closers) await close();
  await ground?.stop();
});

const server = fc.nat(SERVERS - 1);
const slot = fc.nat(2);
const stand = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(6), moment: fc.constantFrom('before' as const, 'after' as const) }) },
);
const CALLS: Call[] = ['init', 'sign', 'resume', 'pause', 'complete', 'complete', 'complete', 'abort', 'claim'];
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('init' as const), slot, server, stand, digest: fc.boolean() }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constantFrom(...CALLS), slot, server, stand, digest: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      slot,
      part: fc.nat(2),
      wrong: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('janitor' as const), server, stand }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), slot }) },
  { weight: 1, arbitrary: fc.constant({ do: 'pass' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'wake' as const }) },
);
const alone = (what: Call, slot: number, digest = false): Deed => ({ do: what, slot, server: 0, digest });
/** A file that the store has. */
const sentIn = (slot: number, parts = [0, 1, 2], wrong = false): Deed[] => [
  alone('init', slot),
  ...parts.map((part): Deed => ({ do: 'put', slot, part, wrong })),
];
/** Through every arrow of the diagram; what is left active and paused fails in the end. */
const WALK: Deed[] = [
  ...[...sentIn(0, [0, 1]), alone('complete', 0), alone('pause', 0), alone('complete', 0), alone('abort', 0)],
  ...[...sentIn(1), alone('pause', 1), alone('resume', 1), alone('complete', 1, true)],
  ...[...sentIn(2, [0, 1, 2], true), alone('complete', 2, true)],
  ...[alone('init', 0), alone('abort', 0), alone('init', 1), alone('pause', 1), alone('init', 2)],
];
/** Deeds of one turn are done at once. */
const turn = fc.oneof(
  { weight: 8, arbitrary: deed.map((one) => [one]) },
  { weight: 2, arbitrary: fc.tuple(deed, deed) },
);
const turns = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: turn.map((one) => [one]) },
      { weight: 1, arbitrary: slot.map((slot) => sentIn(slot).map((one) => [one])) },
    ),
    { minLength: 10, maxLength: 30 },
  )
  .map((all) => all.flat());

test('no sequence of calls, rounds, pauses and crashes leaves the diagram or loses what is verified', async () => {
  let count = 0;
  const ends = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(turns, fc.boolean(), async (turns, awakes) => {
      const user = `run ${count++}`;
      const life = beginLife(ground, servers, user);
      for (const deeds of turns) {
        await Promise.all(deeds.map((one) => life.perform(one)));
        await life.expectVerified();
      }
      // Whoever still stands has died, or comes back when everything is over.
      await life.settle();
      await ground.passSessions();
      await life.settle();
      while (awakes && life.isAsleep()) await life.wake();
      // An init that came back has only just begun its upload.
      await ground.passSessions();
      await life.settle();

      await life.expectVerified();
      const state = (await ground.states([user])).get(user)!;
      const completed = state.statuses.filter((status) => status === 'completed').length;
      expect({ ...state, objects: state.objects.length }).toMatchObject({
        uploads: 0,
        objects: completed,
        open: 0,
        reserved: 0,
      });
      expect(state.statuses.filter((status) => !/^(completed|aborted|failed)$/.test(status))).toEqual([]);
      const changes = await ground.sql`delete from seen returning change`;
      expect(changes.map(({ change }) => change).filter((change) => !DIAGRAM.has(change))).toEqual([]);
      for (const { change } of changes) ends.set(change, (ends.get(change) ?? 0) + 1);
    }),
    { numRuns: RUNS, endOnFailure: true, examples: [[WALK.map((one) => [one]), false]] },
  );
  console.log(
    `  ${count} lives: ${[...ends].map(([change, times]) => `${change.replace(' ', ' → ')} ${times}`).join(', ')}`,
  );
  // Every arrow of the diagram was walked.
  expect(new Set(ends.keys())).toEqual(DIAGRAM);
});
