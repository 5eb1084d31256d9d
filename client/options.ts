import type { Provider } from '../server/contract/wire.ts';
import type { Order } from '../sw/order.ts';
import type { PartComplete, UploadProgress } from './upload.ts';

export interface UploadClientOptions {
  /** The server's `…/api/v1/upload/multipart`, absolute or relative to the page. */
  endpoint: string;
  /** Whose uploads these are; another owner on the same device sees none of them. */
  owner: string;
  apiKey?: string;
  /** Credentials of the signed-in user, asked for whenever they are needed. */
  headers?: () => HeadersInit | Promise<HeadersInit>;
  /** As `fetch` means it, for an app that signs in by cookies. */
  credentials?: RequestCredentials;
  /** Which of several files goes first: the smallest (the default), or the one that was picked first. */
  order?: Order;
  /** Sends nothing where it is paid for: on a mobile network, or for a person who saves data, as far as the browser tells. */
  onlyUnmetered?: boolean;
  /** The app's service worker: its script's address, or the registration that the app made. */
  serviceWorker?: string | ServiceWorkerRegistration | Promise<ServiceWorkerRegistration>;
}

/** What a caller may follow an upload by. */
export interface Followers {
  /** Cancels the upload when it aborts. */
  signal?: AbortSignal;
  /** At most ten times a second. */
  onProgress?: (progress: UploadProgress) => void;
  /** Once for each part that the bucket has. */
  onPartComplete?: (part: PartComplete) => void;
}

export interface UploadOptions extends Followers {
  /** Which of the server's buckets; its default where absent. */
  provider?: Provider;
  /** Bytes of every part but the last, at least 5 MiB. */
  partSize?: number;
  /** Parts on their way at once, 1 or more; 5 where absent. */
  concurrency?: number;
  /** Kept with the object: names of letters, digits and dashes, 2 KiB in all. */
  metadata?: Record<string, string>;
}

export interface ResumeOptions extends Followers {
  /** The file itself; needed where not all that the bucket lacks is on this device. */
  file?: File;
}
