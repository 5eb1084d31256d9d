import { planParts } from '../server/contract/plan.ts';
import { GENERIC } from '../server/contract/profile.ts';
import type { Order } from '../sw/order.ts';
import type { UploadRecord } from '../sw/record.ts';
import type { UploadOptions } from './options.ts';

const UNKNOWN_TYPE = 'application/octet-stream';
const LANES = 5;

/** Files picked together keep their order. */
let lastAdded = 0;

/** 128 random bits; an insecure origin has no `randomUUID`. */
const newId = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

/** The record of a file that was just picked. Throws an `UploadError` for an unlawful part size. */
export function draftRecord(
  endpoint: string,
  file: Pick<File, 'name' | 'size' | 'type' | 'lastModified'>,
  { provider, partSize, concurrency = LANES, metadata = {}, order }: UploadOptions & { order?: Order | undefined } = {},
): UploadRecord {
  const plan = planParts(file.size, GENERIC, partSize);
  lastAdded = Math.max(lastAdded + 1, Date.now());
  return {
    id: newId(),
    endpoint,
    name: file.name,
    size: file.size,
    type: file.type || UNKNOWN_TYPE,
    lastModified: file.lastModified,
    addedAt: lastAdded,
    order,
    metadata,
    provider,
    concurrency: Math.max(concurrency, 1) || LANES,
    partSize: plan.partSize,
    totalParts: plan.totalParts,
    state: 'open',
    staged: false,
  };
}
