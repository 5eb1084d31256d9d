import { installUploads } from './worker.ts';

/** A service worker for an app that has none of its own. */
installUploads();
