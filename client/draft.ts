import { planParts } from '../server/contract/plan.ts';
import { GENERIC } from '../server/contract/profile.ts';
import { partSizeFor } from '../sw/hint.ts';
import type { UploadRecord } from '../sw/record.ts';
import type { UploadClientOptions, UploadOptions } from './options.ts';
import { recallLine } from './recall.ts';

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
  {
    provider,
    partSize = partSizeFor(file.size, recallLine() ?? {}),
    concurrency = LANES,
    metadata = {},
    order,
    onlyUnmetered = false,
  }: UploadOptions & Pick<UploadClientOptions, 'order' | 'onlyUnmetered'> = {},
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
    onlyUnmetered,
    page: location.href,
    metadata,
    provider,
    concurrency: Math.max(concurrency, 1) || LANES,
    partSize: plan.partSize,
    totalParts: plan.totalParts,
    state: 'open',
    staged: false,
  };
}
