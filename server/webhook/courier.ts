import type { Delivery, Outbox } from '../database/outbox.ts';
import type { Deps } from '../deps.ts';
import { nextAttempt } from './backoff.ts';
import { createBell } from './bell.ts';
import { Undelivered } from './undelivered.ts';

export interface Courier {
  /** Looks at once for what is due. */
  wake(): void;
  /** Bears the event of a session that has just ended; resolves when its first attempt is over. */
  bearFresh(sessionId: string): Promise<void>;
  /** Takes nothing new, lets what is on its way arrive for a while, and leaves the rest to the next one. */
  stop(): Promise<void>;
}

export interface CourierOptions {
  /** Names it in the log. */
  name: string;
  outbox: Outbox;
  /** Throws where the event did not arrive; `signal` ends the attempt. */
  bear: (delivery: Delivery, signal: AbortSignal) => Promise<void>;
  /** What one attempt may take. */
  limitSeconds: number;
  log: Deps['log'];
}

/** Events on their way at once. */
const LANES = 8;
const POLL_MS = 5_000;
/** Beyond the limit of an attempt, until somebody else takes up what a server that died was bearing. */
const LEASE_MARGIN_SECONDS = 15;
const GRACE_MS = 5_000;

/** Bears the events of `outbox` until stopped: at once when woken, else as they fall due. */
export function startCourier(options: CourierOptions): Courier {
  const { name, outbox, bear, limitSeconds, log } = options;
  const lease = limitSeconds + LEASE_MARGIN_SECONDS;
  const flying = new Set<Promise<void>>();
  const bell = createBell();
  const halt = new AbortController();
  let stopping = false;
  /** More may be due than there were lanes for. */
  let behind = false;
  let troubled = false;

  async function attempt(delivery: Delivery): Promise<void> {
    // For `AbortSignal.timeout` Deno would stay alive to its end.
    const limit = new AbortController();
    const late = new DOMException(`It took longer than ${limitSeconds} s.`, 'TimeoutError');
    const timer = setTimeout(() => limit.abort(late), limitSeconds * 1000);
    const signal = AbortSignal.any([halt.signal, limit.signal]);
    try {
      await Promise.race([bear(delivery, signal), aborted(signal)]);
    } catch (error) {
      return halt.signal.aborted ? outbox.postpone(delivery, 0) : postpone(delivery, error);
    } finally {
      clearTimeout(timer);
    }
    await outbox.settle(delivery, 'delivered');
  }

  async function postpone(delivery: Delivery, error: unknown): Promise<void> {
    const { id, event, attempt } = delivery;
    const { gone, retryAfter } = error instanceof Undelivered ? error : { gone: false, retryAfter: undefined };
    const ageSeconds = (Date.now() - delivery.createdAt.getTime()) / 1000;
    const seconds = gone ? undefined : nextAttempt({ attempt, ageSeconds, retryAfter }, Math.random);
    const next = seconds === undefined ? 'given up' : `again in ${Math.round(seconds)} s`;
    log(name, { id, type: event, sessionId: delivery.data.sessionId, attempt, cause: causeOf(error), next });
    if (seconds === undefined) await outbox.settle(delivery, gone ? 'gone' : 'dead');
    else await outbox.postpone(delivery, seconds);
  }

  function fly(delivery: Delivery): Promise<void> {
    const flight = attempt(delivery)
      // Its lease will end, and somebody takes it up again.
      .catch((error) => log(name, { id: delivery.id, cause: causeOf(error) }))
      .finally(() => {
        flying.delete(flight);
        if (behind) bell.ring();
      });
    flying.add(flight);
    return flight;
  }

  async function round(): Promise<void> {
    const free = LANES - flying.size;
    const taken = free > 0 ? await outbox.take(free, lease) : [];
    behind = taken.length >= free;
    for (const delivery of taken) void fly(delivery);
    troubled = false;
  }

  async function run(): Promise<void> {
    while (!stopping) {
      await round().catch((error) => {
        behind = false;
        // Said once for each outage of the database.
        if (!troubled) log(name, { cause: causeOf(error) });
        troubled = true;
      });
      if (!behind || flying.size >= LANES) await bell.wait(POLL_MS);
    }
  }
  const running = run();

  return {
    wake: bell.ring,
    bearFresh: async (sessionId) => {
      for (const delivery of await outbox.takeFresh(sessionId, lease)) await fly(delivery);
    },
    stop: async () => {
      stopping = true;
      bell.ring();
      await running;
      const landed = Promise.all(flying);
      const grace = setTimeout(() => halt.abort(), GRACE_MS);
      await landed;
      clearTimeout(grace);
    },
  };
}

const causeOf = (error: unknown): string => {
  const { code, message } = error as { code?: string; message?: string };
  return message ?? code ?? String(error);
};

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Undelivered('no answer in time')), { once: true }),
  );
