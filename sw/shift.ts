import { inherit } from './heir.ts';
import { createHerald } from './herald.ts';
import {
  type Circumstances,
  judge,
  KEEPER,
  LONGEST_MS,
  MESSAGE_MS,
  mayRelay,
  type Stay,
  type Verdict,
} from './ladder.ts';
import { english, type Wording } from './notice.ts';
import { scope, windows } from './scope.ts';
import { freeSets, readTag, tagsOf } from './tag.ts';

const LOOK_MS = 1000;

/** What the worker posts to itself, to live on when a sync event has ended. */
export interface Relay {
  type: 'partway-relay';
  owner: string;
}

/** One owner's work in this worker, and the events that keep it alive meanwhile. */
export interface Shift {
  /** Holds a sync event. Rejects where the browser is to fire it again, resolves where it is not needed. */
  stand(tag: string, lastChance: boolean): Promise<void>;
  /** Holds an event of another kind for as long as it helps; never rejects. */
  carry(): Promise<void>;
}

interface Held extends Omit<Stay, 'age'> {
  since: number;
  replaced?: boolean;
  settle(verdict: Verdict): void;
}

const shifts = new Map<string, Shift>();
let wording: Wording = english;

/** How from now on this worker's notifications are worded. */
export function word(by: Wording): void {
  wording = by;
}

/** The shift of `owner` that is on, or a new one. */
export function shiftOf(owner: string): Shift {
  const shift = shifts.get(owner) ?? beginShift(owner);
  shifts.set(owner, shift);
  return shift;
}

function beginShift(owner: string): Shift {
  const held = new Set<Held>();
  let driving = false;
  let over = false;
  let aloneSince: number | undefined;
  let relayedAt = Number.NEGATIVE_INFINITY;

  function left(): number {
    const ends = [...held].map(({ rung, since }) => since + (rung === undefined ? MESSAGE_MS : LONGEST_MS));
    return Math.max(0, Math.max(...ends) - performance.now());
  }
  const herald = createHerald(owner, wording);
  const looking = setInterval(look, LOOK_MS);
  const work = inherit(owner, {
    left,
    onDriving(now) {
      driving = now;
    },
  })
    .finally(() => {
      over = true;
      clearInterval(looking);
      herald.close();
      shifts.delete(owner);
    })
    // The events are held until the person has been told.
    .then(() => herald.look(aloneSince === undefined ? 'on' : 'over'));

  /** Lets go of the events that have served, and sees to the next one. */
  async function look(): Promise<void> {
    const open = (await windows()).length > 0;
    const now = performance.now();
    aloneSince = open ? undefined : (aloneSince ?? now);
    const circumstances: Circumstances = { alone: aloneSince === undefined ? undefined : now - aloneSince, driving };
    for (const stay of held) {
      const verdict = judge({ ...stay, age: now - stay.since }, circumstances);
      if (verdict === 'replace') void replace(stay);
      else if (verdict !== 'hold') stay.settle(verdict);
    }
    if (!mayRelay(now - relayedAt, circumstances)) return;
    relayedAt = now;
    scope.registration.active?.postMessage({ type: 'partway-relay', owner } satisfies Relay);
  }

  async function replace(stay: Held): Promise<void> {
    if (stay.replaced) return;
    stay.replaced = true;
    const { sync } = scope.registration;
    const set = freeSets(owner, await sync!.getTags())[0]!;
    await sync!.register(tagsOf(owner, set)[KEEPER]!);
  }

  /** Resolves to how the ladder ends the stay; the work's end ends it too. */
  function hold(stay: Omit<Stay, 'age'>): Promise<Verdict> {
    const { promise, resolve: settle } = Promise.withResolvers<Verdict>();
    const entry = Object.assign(stay, { since: performance.now(), settle });
    held.add(entry);
    void look();
    return Promise.race([promise, work.then(() => 'leave' as const)]).finally(() => held.delete(entry));
  }
  return {
    async stand(tag, lastChance) {
      const { rung } = readTag(tag)!;
      const others = [...held].filter((other) => other.rung === rung);
      const stay: Omit<Stay, 'age'> = { rung, lastChance, spare: rung !== KEEPER && others.length > 0 };
      if (rung === KEEPER) for (const other of others) other.spare = true;
      else if (!stay.spare) void renew(tag).then((renewed) => Object.assign(stay, { renewed }));
      if ((await hold(stay)) === 'give-back') throw new Error('There is more to send.');
    },
    async carry() {
      await hold({}).catch(() => {});
      if (held.size || over || aloneSince === undefined) return;
      const pending = (await scope.registration.sync?.getTags().catch(() => [])) ?? [];
      if (!pending.some((tag) => readTag(tag)?.owner === owner)) await herald.look('spent');
    },
  };
}

/** Only while a window is open does the browser take it, to fire the tag once more when this event ends, with fresh attempts. */
const renew = (tag: string): Promise<boolean> =>
  scope.registration.sync!.register(tag).then(
    () => true,
    () => false,
  );
