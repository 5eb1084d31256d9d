/** More parts than a store lists on one page. */

import { expect, test } from 'bun:test';
import { granted, md5, objectDigest, putAll, random } from './client.ts';
import { head, type Place } from './place.ts';

/** `total` parts of the smallest size, all alike so that memory holds one of them; every part in `left` is sent after the resume. */
export function manySuite(at: () => Place, total: number, left: number[]): void {
  test(`an upload of ${total} parts is resumed: what is stored is told exactly, the rest is sent, it completes`, async () => {
    const { api, unit } = at();
    const part = random(unit);
    const file = { length: total * unit, subarray: () => part } as unknown as Uint8Array<ArrayBuffer>;
    const { partUrls, resumeToken, fileKey } = await api.begin({ size: file.length });
    expect(partUrls).toHaveLength(total);
    const startedAt = performance.now();
    await putAll(
      partUrls.filter(({ partNumber }) => !left.includes(partNumber)),
      file,
      8,
    );
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(`  ${at().store.name}: ${total} parts of ${unit / 1024} KiB sent in ${seconds.toFixed(1)} s`);

    const answer = granted(await api.call('resume', { resumeToken }));
    const stored = partUrls.map(({ partNumber }) => partNumber).filter((n) => !left.includes(n));
    expect(answer.uploadedParts.map(({ partNumber }) => partNumber)).toEqual(stored);
    expect(new Set(answer.uploadedParts.map(({ etag, size }) => `${etag} ${size}`))).toEqual(
      new Set([`${md5(part, 'hex')} ${unit}`]),
    );
    expect(answer.remainingParts.map(({ partNumber }) => partNumber)).toEqual(left);
    expect(answer.progress).toMatchObject({ uploaded: stored.length, total, uploadedBytes: stored.length * unit });

    const refused = await api.call('complete', { resumeToken });
    expect([refused.body.error, refused.body.missing]).toEqual(['INCOMPLETE_PARTS', left]);
    await putAll(answer.remainingParts, file);
    const digest = objectDigest(Array.from({ length: total }, () => ({ digest: md5(part) })));
    const done = granted(await api.call('complete', { resumeToken, objectDigest: digest }));
    expect([done.verifiedBy, done.etag, done.totalParts]).toEqual(['etag', digest, total]);
    expect((await head(at(), fileKey)).ContentLength).toBe(file.length);
  }, 240_000);
}
