import type { CompleteAnswer } from '../server/contract/wire.ts';
import type { PartRecord } from './record.ts';

/** What an upload is doing just now. */
export type Phase = 'uploading' | 'waiting' | 'finishing';

/** Why something did not work, as a stable code and a sentence. */
export interface Trouble {
  code: string;
  message: string;
}

/** What is told of an object that is there. */
export type UploadedObject = Pick<CompleteAnswer, 'url' | 'fileKey' | 'etag'>;

/** What the contexts of one owner on one origin tell each other. */
export type Message =
  /** Its record changed, or it is new. */
  | { type: 'changed'; id: string }
  /** The server has verified its object, and this device has written it down. */
  | { type: 'done'; id: string; object: UploadedObject }
  /** One more of its parts is digested or written to IndexedDB. */
  | { type: 'sliced'; id: string; partSize: number; part: PartRecord }
  /** This device has no room for that many of its bytes. */
  | { type: 'short'; id: string; bytes: number }
  /** The bucket has one more of its parts. */
  | { type: 'stored'; id: string; partNumber: number }
  /** Bytes sent, those in flight included, and parts stored, from whoever drives; `trouble` is what it waits out. */
  | { type: 'progress'; id: string; bytes: number; parts: number; phase: Phase; trouble?: Trouble | undefined }
  /** Which tab has its file? Asked where there are no locks to see it by. */
  | { type: 'whose'; id: string }
  | { type: 'mine'; id: string }
  /** Does the holder of the drive lock live? */
  | { type: 'ping' }
  | { type: 'alive' }
  /** The owner signed out: everything of theirs on this device ends and is erased. */
  | { type: 'signed-out' };

export interface Bus {
  /** Tells all contexts, this one included. */
  post(message: Message): void;
  /** Returns how to stop listening. */
  listen(listener: (message: Message) => void): () => void;
  close(): void;
}

/** Without `owner` it stays in this context: a browser that keeps nothing for a page may refuse it channels, too. */
export function openBus(owner: string | undefined): Bus {
  const channel = owner === undefined ? undefined : new BroadcastChannel(`partway:${owner}`);
  const listeners = new Set<(message: Message) => void>();
  const tell = (message: Message) => {
    for (const listener of listeners) listener(message);
  };
  if (channel) channel.onmessage = (event) => tell(event.data);
  return {
    post(message) {
      channel?.postMessage(message);
      tell(message);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => channel?.close(),
  };
}
