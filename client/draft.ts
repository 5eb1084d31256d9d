import { UploadError } from '../server/contract/errors.ts';
import { planParts } from '../server/contract/plan.ts';
import { GENERIC } from '../server/contract/profile.ts';
import type { UploadRecord } from '../sw/record.ts';
import type { UploadOptions } from './options.ts';

const UNKNOWN_TYPE = 'application/octet-stream';
const LANES = 5;
const MOST_LANES = 32;

/** 128 random bits; an insecure origin has no `randomUUID`. */
const newId = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

/** The record of a file that was just picked. Throws an `UploadError` for an unlawful part size or concurrency. */
export function draftRecord(
  endpoint: string,
  file: Pick<File, 'name' | 'size' | 'type' | 'lastModified'>,
  { provider, partSize, concurrency = LANES, metadata = {} }: UploadOptions = {},
): UploadRecord {
  if (!(concurrency >= 1 && concurrency <= MOST_LANES))
    throw new UploadError('INVALID_REQUEST', `concurrency must be 1 to ${MOST_LANES}.`);
  const plan = planParts(file.size, GENERIC, partSize);
  return {
    id: newId(),
    endpoint,
    name: file.name,
    size: file.size,
    type: file.type || UNKNOWN_TYPE,
    lastModified: file.lastModified,
    addedAt: Date.now(),
    metadata,
    provider,
    concurrency,
    partSize: plan.partSize,
    totalParts: plan.totalParts,
    state: 'open',
    staged: false,
  };
}
