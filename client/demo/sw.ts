import { cleanupOutdatedCaches, precacheAndRoute } from 'workbox-precaching';
import { installUploads } from '../../sw/index.ts';

/** The page's files, each with what tells its versions apart; written in where this is bundled. */
declare const SHELL: { url: string; revision: string }[];

installUploads();
cleanupOutdatedCaches();
precacheAndRoute(SHELL);
// The page asks for it when the person does.
self.addEventListener('message', ({ data }) => {
  if (data?.type === 'SKIP_WAITING') (self as unknown as { skipWaiting(): void }).skipWaiting();
});
