import { drive } from '../sw/engine.ts';
import type { Host } from '../sw/host.ts';
import { holdDriveLock } from '../sw/lock.ts';

const PAUSE_MS = 1000;

/**
 * Drives the uploads of `owner` until `signal` aborts, whenever this page may: while it holds the drive lock, where there
 * is an owner to share it with, and is not frozen. `onLeave` is called when the page goes away, while it still can act;
 * `onReturn` when it is back.
 */
export function driveFromPage(
  owner: string | undefined,
  host: Host,
  signal: AbortSignal,
  { onLeave, onReturn }: { onLeave(): void; onReturn(): void },
): void {
  let awake = new AbortController();

  async function run(): Promise<void> {
    const here = AbortSignal.any([signal, awake.signal]);
    while (!here.aborted) {
      try {
        if (owner === undefined) await drive(host, here, false);
        else await holdDriveLock(owner, host.bus, here, (held) => drive(host, held, false));
      } catch {
        // The lock was stolen while the page was frozen: queue for it again.
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
  // A frozen page would keep the lock and do nothing: it lets go before.
  const sleep = () => {
    onLeave();
    awake.abort();
  };
  const wake = () => {
    if (!awake.signal.aborted) return;
    awake = new AbortController();
    void run();
    onReturn();
  };
  document.addEventListener('freeze', sleep, { signal });
  window.addEventListener('pagehide', sleep, { signal });
  document.addEventListener('resume', wake, { signal });
  window.addEventListener('pageshow', wake, { signal });
  void run();
}
