import { precacheAndRoute } from 'workbox-precaching';
import { registerRoute } from 'workbox-routing';
import { installUploads, wakeUploads } from '../../../sw/index.ts';
import { type Extendable, windows } from '../../../sw/scope.ts';

/** An app's own worker, with Workbox around ours, which caches every GET of the app. */
installUploads();
// An app that has pushes of its own.
self.addEventListener('push', (event) => (event as unknown as Extendable).waitUntil(wakeUploads()));
// And notifications.
self.addEventListener('notificationclick', async (event) => {
  const { title } = (event as Event & { notification: Notification }).notification;
  for (const client of await windows()) client.postMessage({ clicked: title });
});
precacheAndRoute([{ url: '/page.js', revision: '1' }]);
registerRoute(
  ({ sameOrigin }) => sameOrigin,
  async ({ request }) => {
    const cache = await caches.open('app');
    const fresh = await fetch(request);
    if (request.method === 'GET') await cache.put(request, fresh.clone());
    return fresh;
  },
);
