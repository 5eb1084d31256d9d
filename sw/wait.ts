/** Resolves after `ms`, when the network comes back (then to true), or when `signal` aborts. */
export function waitFor(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (event?: Event) => {
      clearTimeout(timer);
      self.removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      resolve(event?.type === 'online');
    };
    const timer = setTimeout(end, ms);
    self.addEventListener('online', end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
