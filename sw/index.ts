/** `partway/sw`: uploads that the service worker goes on with when the tab is gone. */
export type { Pointer } from './herald.ts';
export type { Notice, Wording } from './notice.ts';
export { installUploads, type WorkerOptions, wakeUploads } from './worker.ts';
