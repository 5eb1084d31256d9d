/** `partway/sw`: uploads that the service worker goes on with when the tab is gone. */
export { installUploads, wakeUploads } from './worker.ts';
