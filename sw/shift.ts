import { inherit } from './heir.ts';
import { createHerald } from './herald.ts';
import {
  type Circumstances,
  judge,
  KEEPER,
  LONGEST_MS,
  MESSAGE_MS,
  mayRelay,
  RELAY_MS,
  type Stay,
  type Verdict,
} from './ladder.ts';
import { english, type Wording } from './notice.ts';
import { type SyncEvent, scope, windows } from './scope.ts';
import { readTag, SETS, tagsOf } from './tag.ts';

const LOOK_MS = 1000;
/** Milliseconds before a tag is renewed once more: one whose events end at once would be fired without end. */
const RENEW_MS = 5000;

/** What the worker posts to itself, to live on when a sync event has ended, and a page to the worker as it goes. */
export interface Note {
  type: 'partway-note';
  owner: string;
  /** Of a page: tags that are free. */
  set?: number | undefined;
}

/** One owner's work in this worker, and the events that keep it alive meanwhile. */
export interface Shift {
  /** Holds a sync event. Rejects where the browser is to fire it again, resolves where it is not needed. */
  stand(event: Pick<SyncEvent, 'tag' | 'lastChance'>): Promise<void>;
  /** Holds an event of another kind for as long as it helps, and has the tags of `set` fired; never rejects. */
  carry(set?: number): Promise<void>;
}

interface Held extends Omit<Stay, 'age'> {
  since: number;
  set?: number;
  /** Still to be renewed. */
  tag?: string | undefined;
  settle(verdict: Verdict): void;
}

const shifts = new Map<string, Shift>();
/** When each tag may be renewed again, in milliseconds of `performance.now()`. */
const restsUntil = new Map<string, number>();
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
  let aloneSince: number | undefined;
  let relayedAt = -RELAY_MS;

  function left(): number {
    const now = performance.now();
    return Math.max(
      0,
      ...[...held].map(({ rung, since }) => since - now + (rung === undefined ? MESSAGE_MS : LONGEST_MS)),
    );
  }
  const herald = createHerald(owner, wording);
  const looking = setInterval(() => look().catch(() => {}), LOOK_MS);
  const work = inherit(owner, {
    left,
    onDriving(now) {
      driving = now;
    },
  })
    .finally(() => {
      clearInterval(looking);
      herald.close();
      shifts.delete(owner);
    })
    // The events are held until the person has been told.
    .then(() => herald.look(aloneSince ? 'over' : 'on'));

  /** Lets go of the events that have served, and sees to the next one. */
  async function look(): Promise<void> {
    const open = (await windows()).length > 0;
    const now = performance.now();
    aloneSince = open ? undefined : (aloneSince ?? now);
    const circumstances: Circumstances = { alone: aloneSince && now - aloneSince, driving };
    for (const stay of held) {
      const { tag } = stay;
      if (open && tag && now >= (restsUntil.get(tag) ?? 0)) {
        restsUntil.set(tag, now + RENEW_MS);
        stay.tag = undefined;
        void renew(tag).then((renewed) => Object.assign(stay, { renewed }));
      }
      const verdict = judge({ ...stay, age: now - stay.since }, circumstances);
      // One that waits for its next attempt is not fired: at the next look it is another set's turn.
      if (verdict === 'replace') void renew(tagsOf(owner, ++stay.set! % SETS)[KEEPER]!);
      else if (verdict !== 'hold') stay.settle(verdict);
    }
    if (!mayRelay(now - relayedAt, circumstances)) return;
    relayedAt = now;
    scope.registration.active?.postMessage({ type: 'partway-note', owner } satisfies Note);
  }

  /** Resolves to how the ladder ends the stay; to undefined at the work's end. */
  function hold(stay: Omit<Held, 'since' | 'settle'>): Promise<Verdict | undefined> {
    const { promise, resolve: settle } = Promise.withResolvers<Verdict>();
    const entry = Object.assign(stay, { since: performance.now(), settle });
    held.add(entry);
    look().catch(() => {});
    return Promise.race([promise, work.then(() => undefined)]).finally(() => held.delete(entry));
  }
  return {
    async stand({ tag, lastChance }) {
      const { rung, set } = readTag(tag)!;
      const others = [...held].filter((other) => other.rung === rung);
      const stay: Parameters<typeof hold>[0] = { rung, set, lastChance };
      if (rung === KEEPER) for (const other of others) other.spare = true;
      else if (others.length) stay.spare = true;
      else stay.tag = tag;
      if ((await hold(stay)) === 'give-back') throw Error('more to send');
    },
    async carry(set) {
      // Not by the page: a tag whose page goes before it has heard of it is never fired, and holds up all others.
      if (set !== undefined) for (const tag of tagsOf(owner, set)) void renew(tag);
      const verdict = await hold({}).catch(() => {});
      if (!verdict || held.size || !aloneSince) return;
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
