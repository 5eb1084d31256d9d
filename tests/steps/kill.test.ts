/**
 * A server is killed at every step of every call that changes something: the client asks again, or nobody does but the
 * janitor. Nothing is lost, nothing doubled, nothing left behind, and nothing called done that is not.
 */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { apiAt, granted, told } from '../api/client.ts';
import { RUNTIME } from '../runtime.ts';
import { type Ground, openGround, type State } from './ground.ts';
import { inLanes } from './lanes.ts';
import { runJanitor } from './once.ts';
import { kept, type Ready, repeat, SCENARIOS, type Scenario, SIZE } from './scenarios.ts';
import { MOMENTS, type Moment } from './step.ts';
import { type Stepper, startStepper } from './stepper.ts';
import { table } from './table.ts';

setDefaultTimeout(180_000);

interface Cell {
  call: string;
  scenario: Scenario;
  at: number;
  moment: Moment;
  user: string;
  ready: Ready;
}

/** The healthy server and those that die. */
const DYING = 2;
let ground: Ground;
let server: Stepper;
/** Of two of each, one is asked again, the other left to the janitor. */
let cells: Record<'repeated' | 'alone', Cell[]>;

const apiOf = (user: string, url = server.url) => apiAt(url, { 'x-user': user });

const isRead = (step: string) => step.startsWith('(');
const momentsOf = (step: string) => MOMENTS.filter((moment) => moment !== 'within' || step.startsWith('database'));

async function arrange(way: string): Promise<Cell[]> {
  const all = Object.entries(SCENARIOS).flatMap(([call, scenario]) =>
    scenario.steps.flatMap((step, at) =>
      momentsOf(step).map((moment) => ({ call, scenario, at, moment, user: `${way}, ${call}, ${at} ${moment}` })),
    ),
  );
  return inLanes(all, async (cell) => ({ ...cell, ready: await cell.scenario.arrange(apiOf(cell.user), ground) }));
}

beforeAll(async () => {
  ground = await openGround({ JANITOR_SECONDS: '0' });
  server = await startStepper(ground.env);
  // Events are written for a webhook that none of them has: they stay where they are counted.
  await ground.sql`alter table multipart_uploads alter column events set default 'webhook'`;
  cells = { repeated: await arrange('repeated'), alone: await arrange('alone') };
});
afterAll(async () => {
  await server?.kill();
  await ground?.stop();
});

test('the steps of each call are those that are killed at', async () => {
  for (const [call, { steps, arrange, answer }] of Object.entries(SCENARIOS)) {
    const api = apiOf(`whole, ${call}`);
    const { ask } = await arrange(api, ground);
    const whole = await ask(api);
    expect(told(whole)).toEqual(answer);
    const kinds = steps.map((step) => step.replace(/^\(/, '').split(' ')[0]);
    expect([call, whole.headers.get('x-steps')]).toEqual([call, kinds.join()]);
  }
});

test('the servers are killed, each call at a step of its own, and the clients hear nothing', async () => {
  // One after the other: whoever stands within a transaction keeps its connection.
  for (const some of [cells.repeated, cells.alone]) {
    const dying = await Promise.all(Array.from({ length: DYING }, () => startStepper(ground.env)));
    const asked = some.map(({ ready, user, at, moment }, n) =>
      ready.ask(apiOf(user, dying[n % DYING]!.url), { 'x-stand': `${at} ${moment}` }).then(
        (answer) => Promise.reject(new Error(`${user}: answered ${told(answer)}`)),
        () => 'lost',
      ),
    );
    const shares = dying.map((_, which) => some.filter((_, n) => n % DYING === which).length);
    const standing = Promise.all(dying.map((each, which) => each.standing(shares[which]!)));
    // Whoever is answered has not stood where it was to be killed.
    await Promise.race([standing, Promise.all(asked)]);
    await Promise.all(dying.map((each) => each.kill()));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['lost']));
  }
});

/** The step had taken effect when the server died. */
const isPast = ({ at, moment }: Cell, step: number) => at > step || (at === step && moment === 'after');
const firstWrite = ({ steps }: Scenario) => steps.findIndex((step) => !isRead(step));

const rows: Map<string, string[]> = new Map();
const note = ({ call, at, moment }: Cell, ...texts: string[]) =>
  rows.set(`${call} ${at} ${moment}`, [...(rows.get(`${call} ${at} ${moment}`) ?? []), ...texts]);
const inBucket = ({ uploads, objects }: State) =>
  [uploads && `${uploads} upload${uploads > 1 ? 's' : ''}`, objects.length && `${objects.length} object`]
    .filter(Boolean)
    .join(', ') || 'nothing';

async function expectWhole(cell: Cell, { statuses, objects }: State): Promise<void> {
  if (statuses[0] !== 'completed') return;
  expect(objects).toHaveLength(1);
  expect(await ground.isWhole(objects[0]!, cell.ready.bytes)).toBe(true);
}

test('asked again, the next server finishes it or undoes it: once, and whole', async () => {
  await ground.passLeases();
  const answers = await inLanes(cells.repeated, ({ scenario, ready, user }) => repeat(scenario, ready, apiOf(user)));
  const states = await ground.states(cells.repeated.map(({ user }) => user));
  for (const [n, cell] of cells.repeated.entries()) {
    const { user, scenario, call, ready } = cell;
    const state = states.get(user)!;
    expect({ user, ...state }).toMatchObject({ user, ...defined(scenario.repeated) });
    await expectWhole(cell, state);
    if (ready.spent) expect([user, await ready.spent()]).toEqual([user, { files: 1, bytes: SIZE }]);
    // Without a key nobody can know that it is the same file.
    if (call === 'init without a key') {
      const begun = isPast(cell, 0) ? 2 : 1;
      expect({ user, ...state }).toMatchObject({ user, open: begun, reserved: begun * SIZE, objects: [] });
      expect(state.statuses).toEqual(Array(begun).fill('active'));
    }
    // A mismatch stands before its object goes, which the janitor does where nobody else can.
    const failedAt = scenario.steps.indexOf('database failed');
    if (failedAt >= 0) {
      const stays = isPast(cell, failedAt) && !isPast(cell, failedAt + 1);
      expect([user, state.objects.length]).toEqual([user, stays ? 1 : 0]);
    }
    note(cell, answers[n]!, inBucket(state));
  }
});

test('what was undone can be made good and finished', async () => {
  const undone = cells.repeated.filter(({ ready }) => ready.mend);
  await inLanes(undone, async ({ user, ready }) => {
    await ready.mend!(apiOf(user));
    granted(await ready.ask(apiOf(user)));
  });
  const states = await ground.states(undone.map(({ user }) => user));
  for (const cell of undone) {
    expect(states.get(cell.user)!.statuses).toEqual(['completed']);
    await expectWhole(cell, states.get(cell.user)!);
  }
});

/** Two rounds: what the first has ended the second sweeps. */
async function rounds(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await ground.passLeases();
    const { code, output } = await runJanitor(ground.env);
    expect([code, output]).toEqual([0, expect.stringContaining('postponed 0')]);
  }
}

test('left alone, the janitor finishes it or undoes it, and what could still go on may', async () => {
  await rounds();
  const states = await ground.states(cells.alone.map(({ user }) => user));
  for (const cell of cells.alone) {
    const { user, scenario, call } = cell;
    const state = states.get(user)!;
    // The dead one had begun it already.
    const begun = call.endsWith('dead one') || isPast(cell, firstWrite(scenario));
    const before = scenario.before ?? (call.startsWith('init') ? { statuses: [], open: 0 } : kept);
    expect({ user, ...state }).toMatchObject({ user, ...defined(begun ? scenario.alone : before) });
    // That init can never be repeated: it is given up unless it was over.
    if (call === 'init without a key' && begun) {
      const over = isPast(cell, 2);
      expect([user, state.statuses, state.uploads]).toEqual([user, [over ? 'active' : 'failed'], over ? 1 : 0]);
    }
    await expectWhole(cell, state);
    note(cell, `${state.statuses[0] ?? 'no session'}: ${inBucket(state)}`);
  }
});

test('when its time is over nothing is left but what is done', async () => {
  await ground.passSessions();
  await rounds();
  const everyone = [...cells.repeated, ...cells.alone];
  const states = await ground.states(everyone.map(({ user }) => user));
  for (const cell of everyone) {
    const { user } = cell;
    const state = states.get(user)!;
    const objects = state.statuses.filter((status) => status === 'completed').length;
    expect({ user, ...state, objects: state.objects.length }).toMatchObject({
      user,
      uploads: 0,
      objects,
      open: 0,
      reserved: 0,
    });
    expect(state.statuses.filter((status) => /^(active|paused|completing)$/.test(status))).toEqual([]);
    // Told of once; a cancel is told to nobody.
    expect([user, state.events.toSorted()]).toEqual([
      user,
      state.statuses
        .filter((status) => status !== 'aborted')
        .map((status) => `upload.${status}`)
        .toSorted(),
    ]);
    await expectWhole(cell, state);
  }
  for (const cell of cells.alone) note(cell, inBucket(states.get(cell.user)!));
  console.log(`\nKilled at every step, on ${RUNTIME}\n${tableOf()}`);
});

const defined = (state: Partial<State>) =>
  Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined));

/** Moments of one step that end alike are one line. */
function tableOf(): string {
  const lines: string[][] = [];
  for (const { call, scenario, at, moment } of cells.alone) {
    const texts = [call, scenario.steps[at]!, 'connection lost', ...rows.get(`${call} ${at} ${moment}`)!];
    const last = lines.at(-1);
    const alike = last && Bun.deepEquals([...last.slice(0, 2), ...last.slice(3)], texts);
    if (alike) last[2] += `, ${moment}`;
    else lines.push(texts.toSpliced(2, 0, moment));
  }
  const head = ['call', 'step', 'killed', 'client', 'asks again', 'then in bucket', 'or the janitor alone', 'expired'];
  return table([head, ...lines]);
}
