/**
 * What the PUTs so far have shown of the line, and how many it is worth to have under way. Pure data, so that it can be
 * kept between visits. The window grows and halves as TCP's does (RFC 5681); how much of it is used follows the rate.
 */
export interface Line {
  /** Bytes a second over all connections together; undefined until one PUT has arrived. */
  rate?: number | undefined;
  /** Mean bytes of a PUT. */
  size: number;
  /** Bytes that the line carried from one loss to the next, lately; undefined where nothing was lost yet. */
  life?: number | undefined;
  /** Bytes carried since the last loss. */
  carried: number;
  /** When the last loss came, in milliseconds; PUTs begun before it went with it. */
  lostAt: number;
  /** PUTs at once that losses allow; a fraction, as it grows by less than one. */
  window: number;
  /** Up to here the window grows by one with every PUT, beyond by one with every round of them. */
  threshold: number;
  /** PUTs at once beyond what the rate asks for, kept while they made it grow. */
  extra: number;
  /** One more than before is being tried: the rate without it, and PUTs until it is judged. */
  trial?: { rate: number; left: number } | undefined;
  /** PUTs until one more is tried, and how many after the next vain trial. */
  patience: number;
  wait: number;
}

/** A PUT that has ended: how many bytes of it left between `began` and `ended` (ms), one of `atOnce`. */
export interface Flight {
  bytes: number;
  began: number;
  ended: number;
  atOnce: number;
}

/** A part of this length keeps a line full while the next one is prepared. */
const FULL_SECONDS = 4;
/** Share of what the line carries between two losses that may be under way, and so be lost, at once. */
const SHARE = 0.5;
/**
 * Of what was carried since the last loss, this part is believed to have been carried without any: what a connection that
 * was used before has lost, Chromium sends again by itself and tells nobody.
 */
const BELIEF = 1 / 16;
/** The same where it is the first loss that is heard of. */
const FIRST_BELIEF = 1 / 4;
/** Share of a new measurement in the mean. */
const NEW = 0.3;
/** One more PUT at once is worth it from here on. */
const GAIN = 1.15;
const WAIT = 16;
const LONGEST_WAIT = 256;

/** What is worth to be kept of a line. */
export const seen = ({ rate, life, size }: Line): Pick<Line, 'rate' | 'life' | 'size'> => ({ rate, life, size });

/** Where the page leaves it for the worker. */
export const LINE = 'line';

export const unknownLine = (known: Pick<Line, 'rate' | 'life' | 'size'> = { size: 0 }): Line => ({
  ...known,
  carried: 0,
  lostAt: Number.NEGATIVE_INFINITY,
  window: known.rate === undefined ? 1 : 3,
  threshold: Number.POSITIVE_INFINITY,
  extra: 0,
  patience: WAIT,
  wait: WAIT,
});

/** PUTs at once that keep the line full, by its rate. */
const needed = ({ rate = 0, size }: Line): number => 1 + Math.floor((FULL_SECONDS * rate) / Math.max(size, 1));

/** PUTs that the line should have at once, at least 1 and at most `most`. */
export function lanesOf(line: Line, most: number): number {
  const { life, carried, size, window, extra } = line;
  const lived =
    life === undefined
      ? Number.POSITIVE_INFINITY
      : Math.floor((SHARE * Math.max(life, BELIEF * carried)) / Math.max(size, 1));
  return Math.max(1, Math.min(most, lived, Math.floor(window), needed(line) + extra));
}

/** The line after a PUT arrived. */
export function landed(line: Line, { bytes, began, ended, atOnce }: Flight): Line {
  // An empty file says nothing of the line.
  if (!bytes) return line;
  const sample = (atOnce * bytes * 1000) / Math.max(ended - began, 1);
  const mean = (old: number | undefined, now: number) => (old === undefined ? now : old + NEW * (now - old));
  const rate = mean(line.rate, sample);
  const carried = line.carried + bytes;
  const next: Line = {
    ...line,
    rate,
    size: line.size ? mean(line.size, bytes) : bytes,
    carried,
    window: line.window + (line.window < line.threshold ? 1 : 1 / line.window),
  };
  return climb(next, atOnce);
}

/** Tries one more PUT at once now and then, and keeps to it if the rate has grown: a long line needs more than a near one. */
function climb(line: Line, atOnce: number): Line {
  const { trial, rate = 0 } = line;
  const lanes = needed(line) + line.extra;
  if (trial) {
    if (trial.left > 1) return { ...line, trial: { ...trial, left: trial.left - 1 } };
    if (rate >= GAIN * trial.rate) return { ...line, trial: undefined, patience: 1 };
    const wait = Math.min(LONGEST_WAIT, line.wait * 2);
    return { ...line, trial: undefined, extra: line.extra - 1, patience: wait, wait };
  }
  // Nothing is learned while something else holds the number down.
  if (atOnce < lanes) return line;
  if (line.patience > 1) return { ...line, patience: line.patience - 1 };
  return { ...line, extra: line.extra + 1, trial: { rate, left: Math.max(4, 2 * (lanes + 1)) } };
}

const halved = ({ window }: Line, atOnce: number) => Math.max(1, Math.floor(Math.min(window, atOnce) / 2));

/** The line after the connection of a PUT was lost, or was given up for its silence. */
export function lost(line: Line, { bytes, began, ended, atOnce }: Flight): Line {
  // What was under way beside it goes down with the same loss.
  if (began <= line.lostAt) return { ...line, life: (line.life ?? 0) + bytes };
  // The line is still away: nothing more is learned of it.
  if (line.carried + bytes === 0) return { ...line, lostAt: ended };
  const window = halved(line, atOnce);
  const believed = Math.max(line.life ?? FIRST_BELIEF * line.carried, BELIEF * line.carried);
  return {
    ...line,
    life: Math.min(line.carried + bytes, believed),
    carried: 0,
    lostAt: ended,
    window,
    threshold: window,
    trial: undefined,
    extra: 0,
  };
}

/** The line after the store asked for less. */
export function slowed(line: Line, { began, ended, atOnce }: Flight): Line {
  if (began <= line.lostAt) return line;
  const window = halved(line, atOnce);
  return { ...line, lostAt: ended, window, threshold: window, trial: undefined };
}
