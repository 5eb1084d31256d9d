import { describe, expect, test } from 'bun:test';
import { fingerprintOf, isFingerprint } from '../../client/fingerprint.ts';
import { compare } from '../../client/sample.ts';
import { digestOf } from '../../sw/digest.ts';
import type { PartRecord, UploadRecord } from '../../sw/record.ts';

const PART = 100_000;
const bytes = crypto.getRandomValues(new Uint8Array(60_000));
const content = new Blob([...Array.from({ length: 10 }, (_, n) => new Blob([bytes, String(n)])), bytes.slice(0, 9)]);
const TOTAL = Math.ceil(content.size / PART);

/** `content` with other bytes from `at` on. */
const edited = (at: number, length: number) =>
  new Blob([content.slice(0, at), new Uint8Array(length), content.slice(at + length)]);

const record = (changes: Partial<UploadRecord> = {}): UploadRecord => ({
  id: 'x',
  endpoint: 'https://up.example.com',
  name: 'film.bin',
  size: content.size,
  type: 'video/mp4',
  lastModified: 0,
  addedAt: 0,
  metadata: {},
  partSize: PART,
  totalParts: TOTAL,
  state: 'open',
  staged: false,
  ...changes,
});
async function parts(told: boolean, digest?: string): Promise<PartRecord[]> {
  const all = Array.from({ length: TOTAL }, async (_, n) => ({
    partNumber: n + 1,
    [told ? 'told' : 'digest']: digest ?? (await digestOf(content.slice(n * PART, (n + 1) * PART))),
    stored: true,
    sliced: false,
  }));
  return Promise.all(all);
}
const encrypted = () => parts(true, btoa('an ETag, no MD5!'));

describe('a picked file', () => {
  test('is known by its size and by what this device digested', async () => {
    expect(await compare(record(), await parts(false), content)).toBe('same');
    expect(await compare(record(), await parts(false), content.slice(1))).toBe('other');
    expect(await compare(record(), await parts(false), edited(10, 10))).toBe('other');
  });

  test('is known by a fingerprint that minds neither name nor time, and every sixteenth of the file', async () => {
    const fingerprint = await fingerprintOf(content);
    expect(isFingerprint(fingerprint)).toBe(true);
    expect(isFingerprint('film.mp4-12000000')).toBe(false);
    expect(await fingerprintOf(new File([content], 'another name'))).toBe(fingerprint);
    for (let at = 0; at + 60_000 < content.size; at += 50_000)
      expect(await fingerprintOf(edited(at, 60_000))).not.toBe(fingerprint);
    expect(await compare(record({ fingerprint }), [], content)).toBe('same');
    expect(await compare(record({ fingerprint }), [], edited(0, 100))).toBe('other');
  });

  test('is not told by ETags of a store that encrypts to be another, nor to be the same', async () => {
    const fingerprint = await fingerprintOf(content);
    expect(await compare(record({ fingerprint }), await encrypted(), content)).toBe('unproven');
    expect(await compare(record({ fingerprint }), await encrypted(), edited(0, 100))).toBe('other');
  });

  test('is another where some ETags are its digests and some are not, or where nothing else speaks for it', async () => {
    const fingerprint = await fingerprintOf(content);
    // Past the first sample.
    const changed = edited(20_000, 100);
    expect(await fingerprintOf(changed)).toBe(fingerprint);
    expect(await compare(record({ fingerprint }), await parts(true), changed)).toBe('other');
    expect(await compare(record(), await encrypted(), content)).toBe('other');
    expect(await compare(record(), await parts(true), content)).toBe('same');
    expect(await compare(record(), [], content)).toBe('unproven');
  });
});
