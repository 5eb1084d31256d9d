/** Background Sync as Chromium was measured to do it, second by second, with a worker that does what the ladder says. */

import { judge, KEEPER, mayRelay, RUNGS, type Stay } from '../../sw/ladder.ts';

/** Seconds. */
const EVENT = 180;
const MESSAGE = 305;
const RETRIES = [300, 900];

interface Tag {
  rung: number;
  /** Attempts begun. */
  attempts: number;
  /** When it fires; undefined while it does. */
  due: number | undefined;
  /** Fired by `register()` itself, not by the end of another event: only such an event holds a browser without windows. */
  fresh: boolean;
}

interface Running {
  stay: Stay;
  tag?: Tag;
  since: number;
  replaced?: boolean;
}

export interface Visit {
  /** Seconds that the page is open before second 0, when it goes. */
  open: number;
  /** `crashed`: the worker and its events go with the page, which says no farewell. */
  end: 'closed' | 'crashed';
  /** Of the tags that a closing page registers, those that the browser takes. */
  farewell?: number;
  /** Seconds watched. */
  watch: number;
}

export interface Outcome {
  /** Seconds of the watch in which the worker ran. */
  working: number;
  /** Until when the browser would have lived without a window. */
  browserLived: number;
  /** Sync events fired while the window was open. */
  firedBefore: number;
}

export function simulate({ open, end, watch, farewell = RUNGS }: Visit): Outcome {
  const tags: Tag[] = [];
  let running: Running[] = [];
  let relayedAt = Number.NEGATIVE_INFINITY;
  /** Until when the browser delivers what the worker posts to itself. */
  let deliversUntil = Number.NEGATIVE_INFINITY;
  const outcome: Outcome = { working: 0, browserLived: 0, firedBefore: 0 };

  let browserLives = false;
  const holdsBrowser = () => running.some(({ tag }) => tag?.fresh);
  const register = (now: number, rungs: number) => {
    for (let rung = 0; rung < rungs; rung++) tags.push({ rung, attempts: 0, due: now, fresh: true });
  };
  function finish(run: Running, how: 'give-back' | 'leave', now: number): void {
    running = running.filter((other) => other !== run);
    const { tag } = run;
    if (!tag) return;
    const retry = RETRIES[tag.attempts - 1];
    if (run.stay.renewed) Object.assign(tag, { attempts: 0, due: now, fresh: false });
    else if (how === 'give-back' && retry !== undefined) Object.assign(tag, { due: now + retry, fresh: false });
    else tags.splice(tags.indexOf(tag), 1);
  }
  function fire(tag: Tag, now: number): void {
    tag.due = undefined;
    tag.attempts++;
    deliversUntil = Math.max(deliversUntil, now + EVENT);
    const others = running.filter(({ stay }) => stay.rung === tag.rung);
    const spare = tag.rung !== KEEPER && others.length > 0;
    if (tag.rung === KEEPER) for (const { stay } of others) stay.spare = true;
    const renewed = now < 0 && tag.rung !== KEEPER && !spare;
    const stay: Stay = { age: 0, rung: tag.rung, lastChance: tag.attempts > RETRIES.length, renewed, spare };
    running.push({ stay, tag, since: now });
    if (now < 0) outcome.firedBefore++;
  }

  register(-open, RUNGS);
  for (let now = -open; now < watch; now++) {
    if (now === 0 && end === 'crashed') for (const run of [...running]) finish(run, 'give-back', now);
    if (now === 0 && end === 'closed') {
      browserLives = holdsBrowser();
      register(now, farewell);
    }
    const circumstances = { alone: now < 0 ? undefined : now * 1000, driving: now >= 0 };
    for (const tag of tags) if (tag.due !== undefined && tag.due <= now) fire(tag, now);
    for (const run of [...running]) {
      const age = now - run.since;
      const verdict = judge({ ...run.stay, age: age * 1000 }, circumstances);
      if (verdict === 'replace') {
        if (!run.replaced) tags.push({ rung: KEEPER, attempts: 0, due: now + 1, fresh: true });
        run.replaced = true;
      } else if (verdict !== 'hold') finish(run, verdict, now);
      else if (age >= (run.tag ? EVENT : MESSAGE)) finish(run, 'give-back', now);
    }
    if (running.length && mayRelay((now - relayedAt) * 1000, circumstances)) {
      relayedAt = now;
      if (now < deliversUntil) running.push({ stay: { age: 0 }, since: now });
    }
    if (now < 0) continue;
    if (running.length) outcome.working++;
    browserLives &&= holdsBrowser();
    if (browserLives) outcome.browserLived++;
  }
  return outcome;
}
