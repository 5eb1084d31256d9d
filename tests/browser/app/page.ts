import * as partway from '../../../client/index.ts';

/** What the worker tells the app, as after a click on a notification. */
const pointers: unknown[] = [];
navigator.serviceWorker?.addEventListener('message', ({ data }) => pointers.push(data));

/** What tests write in the page. */
Object.assign(globalThis, { partway, pointers });
