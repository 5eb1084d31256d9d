/**
 * How long which event is held, so that after the last window has gone the browser lets the worker run for as much of the
 * next half hour as it ever will. Chromium's rules, as measured: a sync event lives 180 s; one that rejects is fired again
 * 300 s after its end, and 900 s after the end of that, for the last time; a message that the worker posts to itself in the
 * 180 s after an event was fired, whether that still lasts or not, lives for 305 s. Rungs that are held for different times
 * come back at different times.
 */

/**
 * Milliseconds that the event of each rung is held without a window. The longest is first, since of what a closing page
 * registers the browser may take no more than that; one is given back at once, to be early again.
 */
const HOLDS = [176_000, 100_000, 0, 60_000];
export const RUNGS = HOLDS.length;

/**
 * A browser whose last window closes lives on for an event that `register()` itself has fired, and quits in the midst of one
 * that was renewed. So the event of this rung is never renewed but replaced, to hold the browser until the page, as it
 * goes, has registered what will go on holding it.
 */
export const KEEPER = 3;

/** An event that is ended by the browser takes its worker along sooner. */
export const LONGEST_MS = 176_000;
export const MESSAGE_MS = 295_000;
/** While a window is open a renewed event makes room for its successor, so that the one that outlives the window is young. */
const CYCLE_MS = 60_000;
/** A window that is going may still be listed. */
const DOUBT_MS = 1000;
/** Enough to learn that the window which holds the lock is frozen. */
const PATIENCE_MS = 10_000;
/** Milliseconds between messages to itself. */
export const RELAY_MS = 20_000;

/** An event that keeps the worker alive. */
export interface Stay {
  /** Milliseconds since its start. */
  age: number;
  /** Of its tag; undefined for a message, a push or the like. */
  rung?: number | undefined;
  lastChance?: boolean;
  /** The browser will fire it again when it ends. */
  renewed?: boolean;
  /** Another event of its rung stands by: it was there before or, of the keeper's, has come since. */
  spare?: boolean;
}

export interface Circumstances {
  /** Milliseconds since the last window went; undefined while there is one. */
  alone: number | undefined;
  /** This worker drives. */
  driving: boolean;
}

/** `replace`: hold it, and have another one fired. `give-back`: the browser is to fire it again. `leave`: it is not needed. */
export type Verdict = 'hold' | 'replace' | 'give-back' | 'leave';

export function judge({ age, rung, lastChance, renewed, spare }: Stay, { alone, driving }: Circumstances): Verdict {
  if (rung === undefined) {
    if (alone === undefined && !driving) return age < PATIENCE_MS ? 'hold' : 'leave';
    return age < MESSAGE_MS ? 'hold' : 'leave';
  }
  if (age >= LONGEST_MS) return 'give-back';
  // The youngest of its rung: where no farewell has come nothing else holds the browser.
  const onlyKeeper = rung === KEEPER && !spare;
  if (alone !== undefined)
    return lastChance || onlyKeeper || Math.min(age, alone) < HOLDS[rung]! ? 'hold' : 'give-back';
  if (age < DOUBT_MS) return 'hold';
  if (spare) return 'leave';
  if (age < CYCLE_MS) return 'hold';
  return rung === KEEPER ? 'replace' : renewed ? 'give-back' : 'hold';
}

/** Whether it is time to post itself a message. */
export const mayRelay = (sinceLast: number, { alone, driving }: Circumstances): boolean =>
  (alone !== undefined || driving) && sinceLast >= RELAY_MS;
