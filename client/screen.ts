import type { Upload } from './upload.ts';
import type { Views } from './views.ts';

const isMoving = ({ state }: Upload) => state === 'uploading' || state === 'finishing';

/** Keeps the screen on while this page is in sight and anything moves, until `signal` aborts. */
export function keepScreenOn(views: Views, signal: AbortSignal): void {
  // Not in every browser, nor on an insecure origin.
  const { wakeLock } = navigator as Partial<Navigator>;
  if (!wakeLock) return;
  let lock: WakeLockSentinel | undefined;
  /** Asked for, or refused as when the battery is low: not asked again before the page comes into sight anew. */
  let asked = false;

  const moving = new Set<Upload>();
  const wanted = () => !signal.aborted && document.visibilityState === 'visible' && moving.size > 0;
  async function look(): Promise<void> {
    if (!wanted()) {
      asked = false;
      const last = lock;
      lock = undefined;
      await last?.release();
    } else if (!asked) {
      asked = true;
      const given = await wakeLock!.request('screen').catch(() => undefined);
      // It may have ended, and begun again, while the browser thought.
      if (wanted() && !lock) lock = given;
      else await given?.release();
    }
  }
  function follow(upload: Upload): void {
    const note = () => void (isMoving(upload) ? moving.add(upload) : moving.delete(upload));
    note();
    upload.addEventListener('change', note, { signal });
    upload.addEventListener('change', look, { signal });
  }
  for (const upload of views.all()) follow(upload);
  views.watch(follow);
  document.addEventListener('visibilitychange', look, { signal });
  signal.addEventListener('abort', look);
}
