import { type Flight, type Line, landed, lanesOf, lost, slowed, unknownLine } from './line.ts';
import { byTurn, type Ranked } from './order.ts';
import { RequestError } from './retry.ts';
import { LANDED } from './wait.ts';

/** How often those who wait look again where nothing else would wake them, in milliseconds. */
const LOOK_MS = 1000;
/** A part that is likely to take longer than this share of the time left is not begun. */
const SHARE = 0.8;
/** Milliseconds left with which one part is begun whatever its rate was. */
const FRESH_MS = 120_000;
/** Seconds that a store which only says "slow down" is left alone. */
const REST_SECONDS = 1;

/** The PUTs of all uploads on the one line that they share. */
export interface Flow {
  /** Runs `work` when the line has room for it and no upload that goes first waits for that, too. */
  run<T>(wish: Wish, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Runs one PUT, which tells of its bytes as they leave, and learns from how it ends. */
  watch(bytes: number, put: (onProgress: (sent: number) => void) => Promise<void>): Promise<void>;
  /** Bytes a second that one of the PUTs may expect; undefined where nothing is known yet. */
  readonly share: number | undefined;
  /** Nobody waits for the line: there is room, or there soon will be. */
  readonly hungry: boolean;
  /** Nothing is under way either. */
  readonly idle: boolean;
  /** Calls back whenever those two may have turned. */
  watchRoom(listener: () => void): void;
  /** Hears of every PUT that has landed. */
  readonly landings: EventTarget;
  readonly line: Line;
}

export interface Wish {
  bytes: number;
  /** How many may be under way with it. */
  most: number;
  upload: Ranked;
}

interface Waiting extends Wish {
  admit: () => void;
}

/** `timeLeft` is how many milliseconds this context will surely live on. */
export function createFlow(
  known?: Pick<Line, 'rate' | 'life' | 'size'>,
  timeLeft: () => number = () => Number.POSITIVE_INFINITY,
  clock: () => number = () => performance.now(),
): Flow {
  let line = unknownLine(known);
  let running = 0;
  /** PUTs under way: fewer than `running`, as some of these still wait for a URL. */
  let flying = 0;
  let resting = 0;
  let queue: Waiting[] = [];
  const listeners: (() => void)[] = [];
  const landings = new EventTarget();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const share = () => line.rate && line.rate / Math.max(flying, 1);
  const inTime = (bytes: number) =>
    line.rate === undefined ||
    // What was slow once may not be any more, and only a part tells.
    (!running && timeLeft() > FRESH_MS) ||
    ((bytes * (running + 1)) / line.rate) * 1000 < SHARE * timeLeft();

  function admit(): void {
    for (let next = queue[0]; next; next = queue[0]) {
      if (clock() < resting || running >= lanesOf(line, next.most) || !inTime(next.bytes)) break;
      queue.shift();
      running++;
      next.admit();
    }
    for (const listener of listeners) listener();
    clearTimeout(timer);
    if (queue.length) timer = setTimeout(admit, LOOK_MS);
  }
  function learn(how: (line: Line, flight: Flight) => Line, bytes: number, began: number, atOnce: number): void {
    line = how(line, { bytes, began, ended: clock(), atOnce });
  }

  return {
    async run(wish, signal, work) {
      const place = Promise.withResolvers<void>();
      const waiting = { ...wish, admit: place.resolve };
      const leave = () => {
        if (!queue.includes(waiting)) return;
        queue = queue.filter((other) => other !== waiting);
        place.reject(signal.reason);
      };
      signal.throwIfAborted();
      signal.addEventListener('abort', leave);
      const before = queue.findIndex(({ upload }) => byTurn(upload, wish.upload) > 0);
      queue.splice(before < 0 ? queue.length : before, 0, waiting);
      admit();
      try {
        await place.promise;
      } finally {
        signal.removeEventListener('abort', leave);
      }
      try {
        return await work();
      } finally {
        running--;
        admit();
      }
    },
    async watch(bytes, put) {
      const began = clock();
      let sent = 0;
      flying++;
      const atOnce = flying;
      try {
        await put((now) => {
          sent = now;
        });
        learn(landed, bytes, began, (atOnce + flying) / 2);
        landings.dispatchEvent(new Event(LANDED));
      } catch (error) {
        const { status, retryAfter } = error instanceof RequestError ? error.failure : { status: -1 };
        if (status === 0) learn(lost, sent, began, Math.max(atOnce, flying));
        if (status === 429 || status === 503) {
          learn(slowed, sent, began, Math.max(atOnce, flying));
          resting = Math.max(resting, clock() + (retryAfter ?? REST_SECONDS) * 1000);
        }
        throw error;
      } finally {
        flying--;
      }
    },
    get share() {
      return share();
    },
    get hungry() {
      return !queue.length;
    },
    get idle() {
      return !queue.length && !running;
    },
    watchRoom: (listener) => void listeners.push(listener),
    landings,
    get line() {
      return line;
    },
  };
}
