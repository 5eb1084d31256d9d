import { drive } from '../sw/engine.ts';
import type { Host } from '../sw/host.ts';
import { holdDriveLock } from '../sw/lock.ts';

const PAUSE_MS = 1000;

/**
 * Drives the uploads of `owner` whenever this page may: while it lives, holds the drive lock and is not frozen.
 * `onLeave` is called when the page goes away, while it still can act. Returns how to stop for good.
 */
export function driveFromPage(owner: string, host: Host, onLeave: () => void): () => void {
  let awake = new AbortController();
  let stopped = false;

  async function run(): Promise<void> {
    const { signal } = awake;
    while (!signal.aborted && !stopped) {
      try {
        await holdDriveLock(owner, host.bus, signal, (held) => drive(host, held, false));
      } catch {
        // The lock was stolen while the page was frozen: queue for it again.
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
  // A frozen page would keep the lock and do nothing: it lets go before.
  const sleep = () => {
    onLeave();
    awake.abort(new DOMException('The page is going away.', 'AbortError'));
  };
  const wake = () => {
    if (!awake.signal.aborted || stopped) return;
    awake = new AbortController();
    void run();
  };
  document.addEventListener('freeze', sleep);
  window.addEventListener('pagehide', sleep);
  document.addEventListener('resume', wake);
  window.addEventListener('pageshow', wake);
  void run();
  return () => {
    stopped = true;
    awake.abort(new DOMException('The client was closed.', 'AbortError'));
    document.removeEventListener('freeze', sleep);
    window.removeEventListener('pagehide', sleep);
    document.removeEventListener('resume', wake);
    window.removeEventListener('pageshow', wake);
  };
}
