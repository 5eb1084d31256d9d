import type { Upload } from '../index.ts';

/** What `<partway-upload>` tells; all of it bubbles, out of shadow roots too. */
export interface PartwayUploadEventMap {
  /** Before a picked or dropped file is taken; `preventDefault()` refuses it. */
  'file-picked': CustomEvent<{ file: File }>;
  /** A file was taken here. */
  'upload-start': CustomEvent<{ upload: Upload }>;
  /** An upload has come to another state, or is met: begun here, at an earlier visit, or in another tab. */
  'upload-change': CustomEvent<{ upload: Upload }>;
  /** The server has verified the object. Not told again at a later visit: look at the `state` then. */
  'upload-done': CustomEvent<{ upload: Upload; url: string }>;
  'upload-failed': CustomEvent<{ upload: Upload }>;
}

type Detail<Name extends keyof PartwayUploadEventMap> = PartwayUploadEventMap[Name]['detail'];

/** Dispatches one; false where it was refused. */
export function tell<Name extends keyof PartwayUploadEventMap>(
  target: EventTarget,
  name: Name,
  detail: Detail<Name>,
  cancelable = false,
): boolean {
  return target.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable }));
}
