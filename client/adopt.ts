import { callApi } from '../sw/api.ts';
import type { UploadRecord } from '../sw/record.ts';
import { codeOf } from '../sw/retry.ts';
import type { Store } from '../sw/store.ts';

const MD5_ETAG = /^[0-9a-f]{32}$/;

/** S3's ETag of a part is its MD5 in hex, but for stores that encrypt. */
const digestIn = (etag: string) =>
  MD5_ETAG.test(etag) && { digest: btoa(String.fromCharCode(...etag.match(/../g)!.map((hex) => Number(`0x${hex}`)))) };

/**
 * Takes up a session that was begun on another device, or before this one's storage was cleared: what its server tells of
 * it becomes the record under `draft.id`. Rejects with a `RequestError`.
 */
export async function adoptSession(store: Store, draft: UploadRecord, signal: AbortSignal): Promise<UploadRecord> {
  const { endpoint, resumeToken = '' } = draft;
  try {
    const answer = await callApi(endpoint, 'resume', { resumeToken, partUrlCount: 0 }, {}, signal);
    const { filename: name, partSize, totalParts, progress } = answer;
    const record = { ...draft, name, size: progress.totalBytes, partSize, totalParts };
    await store.add(record);
    for (const { partNumber, etag } of answer.uploadedParts)
      await store.putPart(record, { partNumber, ...digestIn(etag), stored: true, sliced: false });
    return record;
  } catch (error) {
    if (codeOf(error) !== 'UPLOAD_ALREADY_COMPLETED') throw error;
    const answer = await callApi(endpoint, 'complete', { resumeToken }, {}, signal);
    const { filename: name, fileSize: size, url, fileKey, etag } = answer;
    const record: UploadRecord = { ...draft, name, size, url, fileKey, etag, state: 'done', staged: true };
    await store.add(record);
    return record;
  }
}
