/** What this device knows of one picked file; lies in IndexedDB under `id`. */
export interface UploadRecord {
  /** Also the Idempotency-Key of its init, so that a lost answer begins nothing twice. */
  id: string;
  /** Absolute address of the API, `…/api/v1/upload/multipart`. */
  endpoint: string;
  name: string;
  /** Bytes. */
  size: number;
  type: string;
  lastModified: number;
  /** Milliseconds since the epoch. */
  addedAt: number;
  metadata: Record<string, string>;
  /** Bytes of every part but the last. */
  partSize: number;
  totalParts: number;
  /** `cancelling` until the server has been told. */
  state: 'open' | 'done' | 'failed' | 'cancelling';
  /** Every byte that the store lacks is in IndexedDB. */
  staged: boolean;
  resumeToken?: string;
  url?: string;
  error?: { code: string; message: string } | undefined;
}

/** What is known of one part. */
export interface PartRecord {
  partNumber: number;
  /** Base64 MD5; undefined only where the store has a part that this device never read. */
  digest?: string;
  /** The bucket has it. */
  stored: boolean;
  /** Its slice is in IndexedDB. */
  sliced: boolean;
}

export const isSettled = (record: UploadRecord): boolean => record.state === 'done' || record.state === 'failed';

/** A grant as the server gave it. */
export interface KeptGrant {
  grant: string;
  endpoint: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}
