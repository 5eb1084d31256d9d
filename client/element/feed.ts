import type { Upload, UploadClient } from '../index.ts';

type Listener = (upload: Upload) => void;

/** A client keeps its watchers for ever, and an app's own client outlives many elements: each has one watcher. */
const feeds = new WeakMap<UploadClient, Set<Listener>>();

/** Calls `listener` with every upload of `client`, oldest first, and with each later one until `signal` aborts. Resolves when the known ones were told. */
export async function follow(client: UploadClient, listener: Listener, signal: AbortSignal): Promise<void> {
  const known = feeds.get(client);
  const listeners = known ?? new Set();
  feeds.set(client, listeners.add(listener));
  signal.addEventListener('abort', () => listeners.delete(listener));
  const uploads = await client.uploads(known ? undefined : toAll(listeners)).catch((error) => {
    if (!known) feeds.delete(client);
    throw error;
  });
  if (!signal.aborted) for (const upload of uploads.sort((a, b) => a.addedAt - b.addedAt)) listener(upload);
}

/** Made here, where it can hold on to nothing but the set. */
const toAll =
  (listeners: Set<Listener>): Listener =>
  (upload) => {
    for (const listener of listeners) listener(upload);
  };
