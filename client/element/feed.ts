import type { Upload, UploadClient } from '../index.ts';

type Listener = (upload: Upload) => void;

/** A client keeps its watchers for ever, and an app's own client outlives many elements: each has one watcher. */
const feeds = new WeakMap<UploadClient, Set<Listener>>();

/** Calls `listener` with every upload of `client`, oldest first, and with each later one until `signal` aborts. Resolves when the known ones were told. */
export async function follow(client: UploadClient, listener: Listener, signal: AbortSignal): Promise<void> {
  const listeners = feeds.get(client) ?? new Set();
  const watch = feeds.has(client)
    ? undefined
    : (upload: Upload) => {
        for (const each of listeners) each(upload);
      };
  feeds.set(client, listeners.add(listener));
  signal.addEventListener('abort', () => listeners.delete(listener));
  const known = await client.uploads(watch);
  if (!signal.aborted) for (const upload of known.sort((a, b) => a.addedAt - b.addedAt)) listener(upload);
}
