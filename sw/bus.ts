import type { PartRecord } from './record.ts';

/** What an upload is doing just now. */
export type Phase = 'uploading' | 'waiting' | 'finishing';

/** What the contexts of one owner on one origin tell each other. */
export type Message =
  /** Its record changed, or it is new. */
  | { type: 'changed'; id: string }
  /** One more of its parts is digested or written to IndexedDB. */
  | { type: 'sliced'; id: string; partSize: number; part: PartRecord }
  /** The bucket has one more of its parts. */
  | { type: 'stored'; id: string; partNumber: number }
  /** Bytes sent, those in flight included, from whoever drives. */
  | { type: 'progress'; id: string; bytes: number; phase: Phase }
  /** Does the holder of the drive lock live? */
  | { type: 'ping' }
  | { type: 'alive' }
  /** The worker stands ready in a sync event; a window may renew its tag now. */
  | { type: 'standby' };

export interface Bus {
  /** Tells all contexts, this one included. */
  post(message: Message): void;
  /** Returns how to stop listening. */
  listen(listener: (message: Message) => void): () => void;
  close(): void;
}

export function openBus(owner: string): Bus {
  const channel = new BroadcastChannel(`partway:${owner}`);
  const listeners = new Set<(message: Message) => void>();
  const tell = (message: Message) => {
    for (const listener of listeners) listener(message);
  };
  channel.onmessage = (event) => tell(event.data);
  return {
    post(message) {
      channel.postMessage(message);
      tell(message);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => channel.close(),
  };
}
