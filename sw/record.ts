import type { Provider } from '../server/contract/wire.ts';
import type { Identity } from './api.ts';
import type { Order } from './order.ts';

/** What this device knows of one picked file; lies in IndexedDB under `id`. */
export interface UploadRecord {
  id: string;
  /** How often it was begun anew after a failure; 0 where absent. */
  attempt?: number;
  /** Absolute address of the API, `…/api/v1/upload/multipart`. */
  endpoint: string;
  name: string;
  /** Bytes. */
  size: number;
  type: string;
  lastModified: number;
  /** Size and digest of samples, of a file of more than one part; undefined where it could not be read. */
  fingerprint?: string | undefined;
  /** Milliseconds since the epoch. */
  addedAt: number;
  /** `smallest` where absent. */
  order?: Order | undefined;
  metadata: Record<string, string>;
  /** Address of the page that it was picked in. */
  page?: string;
  provider?: Provider | undefined;
  /** PUTs at once. */
  concurrency?: number;
  /** Bytes of every part but the last. */
  partSize: number;
  totalParts: number;
  /** `cancelling` until the server has been told. */
  state: 'open' | 'done' | 'failed' | 'cancelling';
  /** Every byte that the store lacks is in IndexedDB. */
  staged: boolean;
  /** It rests where what is sent is paid for. */
  onlyUnmetered?: boolean;
  /** The person wants it to rest: nobody drives it. */
  paused?: boolean;
  /** The pause has ended here, and the server is still to be told. */
  lifting?: boolean;
  /** Which attempt's failure the person was told of as a loss. */
  noted?: number;
  resumeToken?: string | undefined;
  url?: string;
  fileKey?: string;
  etag?: string;
  error?: { code: string; message: string } | undefined;
}

/** What is known of one part. */
export interface PartRecord {
  partNumber: number;
  /** Base64 MD5; undefined only where the store has a part that this device never read. */
  digest?: string;
  /** What its digest is by the store's ETag, which need not be one; the file itself has to show it. */
  told?: string;
  /** The bucket has it. */
  stored: boolean;
  /** Its slice is in IndexedDB. */
  sliced: boolean;
}

/** Names its init, so that a lost answer begins nothing twice. */
export const idempotencyKey = ({ id, attempt = 0 }: UploadRecord): string => (attempt ? `${id}.${attempt}` : id);

/** Whether there is anything left to do for whoever drives. */
export const isOpen = (record: UploadRecord): boolean => !isSettled(record) && !record.paused;

export const isSettled = (record: UploadRecord): boolean => record.state === 'done' || record.state === 'failed';

/** A grant as the server gave it. */
export interface KeptGrant {
  grant: string;
  endpoint: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** When the page asks for another; undefined of an earlier release. */
  renewAt?: number;
}

export const byGrant = ({ grant }: KeptGrant): Identity => ({ headers: { authorization: `Bearer ${grant}` } });
