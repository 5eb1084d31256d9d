/** Bytes that may lie between the browser and the line, told as sent and still to go. */
const BUFFERED = 4 * 2 ** 20;
const LEAST_MS = 15_000;
const MOST_MS = 120_000;
/** Where no rate is known yet. */
const UNKNOWN_MS = 60_000;
/** A part takes no longer than this many times what the rate says, and its share of `LEAST_MS`. */
const SLACK = 3;
/** Bytes a second that a line is trusted to have, as long as nothing is known of it. */
const SLOWEST = 25_000;

/** Milliseconds without a byte after which a PUT that tells of its bytes is given up; `rate` is its share, in bytes a second. */
export const silenceLimit = (rate: number | undefined): number =>
  rate === undefined ? UNKNOWN_MS : Math.min(MOST_MS, LEAST_MS + (BUFFERED / Math.max(rate, 1)) * 1000);

/** Milliseconds after which a PUT of `bytes` is given up where nothing tells of them, as in a worker. */
export const durationLimit = (bytes: number, rate: number | undefined): number =>
  LEAST_MS + SLACK * (bytes / (rate === undefined ? SLOWEST : Math.max(rate, SLOWEST / 10))) * 1000;
