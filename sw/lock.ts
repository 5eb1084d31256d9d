import type { Bus } from './bus.ts';

export const driveLockName = (owner: string): string => `partway:drive:${owner}`;

/** Milliseconds between questions for a sign of life; a holder that leaves two unanswered is frozen. */
const ASK_MS = 2000;
const SILENCES = 2;

/**
 * Waits for the drive lock of `owner` and runs `work` under it. The lock is free the moment `signal` aborts, whatever
 * `work` still does; the signal that `work` gets also aborts when another context steals the lock from a frozen holder.
 * Rejects with the signal's reason where it aborts first.
 */
export function holdDriveLock<T>(
  owner: string,
  bus: Bus,
  signal: AbortSignal,
  work: (signal: AbortSignal, stolen: boolean) => Promise<T>,
): Promise<T> {
  // On an insecure origin there are no locks, and every page drives what it has in its hands alone.
  if (!navigator.locks) return work(signal, false);
  const name = driveLockName(owner);
  const lost = new AbortController();
  const queued = new AbortController();
  let silences = 0;

  return new Promise<T>((resolve, reject) => {
    const hold = (stolen: boolean) => async () => {
      watch.stop();
      // The others counted the silence of the last holder.
      bus.post({ type: 'alive' });
      const stop = bus.listen((message) => message.type === 'ping' && bus.post({ type: 'alive' }));
      const held = AbortSignal.any([signal, lost.signal]);
      const released = new Promise<never>((_, no) => held.addEventListener('abort', () => no(held.reason)));
      try {
        held.throwIfAborted();
        resolve(await Promise.race([work(held, stolen), released]));
      } catch (error) {
        reject(error);
      } finally {
        stop();
      }
    };
    const request = (options: LockOptions, stolen: boolean) =>
      navigator.locks.request(name, options, hold(stolen)).catch((error) => {
        if (queued.signal.aborted && !stolen && !lost.signal.aborted) return;
        watch.stop();
        // The lock was stolen, or the wait for it given up.
        lost.abort(error);
        reject(error);
      });
    const watch = watchHolder(
      bus,
      () => {
        if (++silences <= SILENCES) return;
        watch.stop();
        queued.abort();
        void request({ steal: true }, true);
      },
      () => {
        silences = 0;
      },
    );
    signal.addEventListener('abort', watch.stop);
    void request({ signal: AbortSignal.any([signal, queued.signal]) }, false);
  });
}

function watchHolder(bus: Bus, onSilence: () => void, onLife: () => void): { stop(): void } {
  const unlisten = bus.listen((message) => message.type === 'alive' && onLife());
  const timer = setInterval(() => {
    onSilence();
    bus.post({ type: 'ping' });
  }, ASK_MS);
  return {
    stop() {
      clearInterval(timer);
      unlisten();
    },
  };
}
