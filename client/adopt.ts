import { callApi } from '../sw/api.ts';
import type { PartRecord, UploadRecord } from '../sw/record.ts';
import { codeOf } from '../sw/retry.ts';
import type { Store } from '../sw/store.ts';
import { isFingerprint } from './fingerprint.ts';

const MD5_ETAG = /^[0-9a-f]{32}$/;

/** S3's ETag of a part is its MD5 in hex, but for stores that encrypt. */
const digestIn = (etag: string) =>
  MD5_ETAG.test(etag) && { told: btoa(String.fromCharCode(...etag.match(/../g)!.map((hex) => Number(`0x${hex}`)))) };

/** A session that was begun on another device, or before this one's storage was cleared. */
export interface Adopted {
  record: UploadRecord;
  parts: PartRecord[];
}

/** What its server tells of the session that the draft's token opens, as a record under the draft's id. Rejects with a `RequestError`. */
export async function adoptSession(draft: UploadRecord, signal: AbortSignal): Promise<Adopted> {
  const { endpoint, resumeToken = '' } = draft;
  try {
    const answer = await callApi(endpoint, 'resume', { resumeToken, partUrlCount: 0 }, {}, signal);
    const { filename: name, partSize, totalParts, progress, fingerprint: mark } = answer;
    const fingerprint = isFingerprint(mark) ? mark : undefined;
    return {
      record: { ...draft, name, size: progress.totalBytes, partSize, totalParts, fingerprint },
      parts: answer.uploadedParts.map(({ partNumber, etag }) => ({
        partNumber,
        ...digestIn(etag),
        stored: true,
        sliced: false,
      })),
    };
  } catch (error) {
    if (codeOf(error) !== 'UPLOAD_ALREADY_COMPLETED') throw error;
    const answer = await callApi(endpoint, 'complete', { resumeToken }, {}, signal);
    const { filename: name, fileSize: size, url, fileKey, etag } = answer;
    return { record: { ...draft, name, size, url, fileKey, etag, state: 'done', staged: true }, parts: [] };
  }
}

/** Writes it down on this device; the parts first, since whoever sees the record drives it. */
export async function keepAdopted(store: Store, { record, parts }: Adopted): Promise<void> {
  for (const part of parts) await store.putPart(record, part);
  await store.add(record);
}
