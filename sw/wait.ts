/** The event of a flow whose line has carried a PUT to its end. */
export const LANDED = 'landed';

/**
 * Resolves after `ms`, when the network comes back, when a PUT has landed on `line`, or when `signal` aborts: to the type
 * of the event that ended it, or to undefined.
 */
export function waitFor(ms: number, signal: AbortSignal, line?: EventTarget): Promise<string | undefined> {
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  return new Promise<string | undefined>((resolve) => {
    const end = (event?: Event) => resolve(event?.type);
    timer = setTimeout(end, ms);
    self.addEventListener('online', end, over);
    signal.addEventListener('abort', end, over);
    line?.addEventListener(LANDED, end, over);
    if (signal.aborted) end();
  }).finally(() => {
    clearTimeout(timer);
    over.abort();
  });
}
