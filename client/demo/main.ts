import { Workbox } from 'workbox-window';
import '../element/global.ts';
import type { Pointer } from '../../sw/index.ts';
import { createUploadClient } from '../index.ts';

const element = document.querySelector('partway-upload')!;
const worker = 'serviceWorker' in navigator ? new Workbox('/sw.js') : undefined;
const registration = worker?.register() as Promise<ServiceWorkerRegistration> | undefined;

const client = createUploadClient({
  endpoint: '/api/v1/upload/multipart',
  owner: 'demo',
  apiKey: 'dev',
  ...(registration && { serviceWorker: registration }),
});
element.client = client;

document.querySelector<HTMLButtonElement>('#forget')!.onclick = async () => {
  if (!confirm('Cancel what is under way, and take every row off this list? What has arrived stays in the bucket.'))
    return;
  await client.signOut();
  location.reload();
};

/** Asked for by the person, never on load. */
const notify = document.querySelector<HTMLButtonElement>('#notify')!;
const offerNotices = () => {
  notify.hidden = !worker || globalThis.Notification?.permission !== 'default';
};
notify.onclick = () => Notification.requestPermission().then(offerNotices);
offerNotices();
navigator.serviceWorker?.addEventListener('message', ({ data }) => {
  // A notification was clicked on.
  if ((data as Partial<Pointer> | null)?.type === 'partway-upload') element.scrollIntoView({ block: 'start' });
});

/** Not in TypeScript's libraries (https://wicg.github.io/manifest-incubations/#installation-prompts). */
interface InstallEvent extends Event {
  prompt(): Promise<void>;
}
const install = document.querySelector<HTMLButtonElement>('#install')!;
addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  install.hidden = false;
  install.onclick = () => void (event as InstallEvent).prompt();
});
addEventListener('appinstalled', () => {
  install.hidden = true;
});

/** A new version is offered when nothing is under way, and taken when the person says so. */
worker?.addEventListener('waiting', () => {
  const offer = document.querySelector<HTMLElement>('#update p')!;
  const look = () => {
    offer.hidden = element.uploads.some(({ state }) => state !== 'done' && state !== 'failed');
  };
  element.addEventListener('upload-change', look);
  look();
  offer.querySelector('button')!.onclick = () => worker.messageSkipWaiting();
});
worker?.addEventListener('controlling', ({ isUpdate }) => isUpdate && location.reload());
