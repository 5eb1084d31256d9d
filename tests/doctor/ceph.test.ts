/** The doctor sent to a store that nobody here wrote. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import {
  DeleteBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { cephInstalled } from '../judges/ceph.ts';
import { cephStore } from '../store.ts';
import { type Clinic, doctor, openClinic, PAGE, versionsIn } from './clinic.ts';

setDefaultTimeout(120_000);

describe.skipIf(!cephInstalled())('Ceph RGW', () => {
  let clinic: Clinic;
  beforeAll(async () => {
    clinic = await openClinic(await cephStore(), { unit: 5 * 2 ** 20 });
  });
  afterAll(() => clinic?.stop());

  test('is in order; what it does in its own way is a note; nothing is left in it', async () => {
    const patient = await clinic.admit();
    const { code, faults, lines, notes } = await doctor(patient.env);
    expect(faults).toEqual([]);
    expect(notes).toEqual([
      expect.stringContaining('note cors: A refusal (403) has no CORS headers'),
      expect.stringContaining('note complete: The answer to Complete has an empty ETag'),
    ]);
    for (const line of [
      'ok etag: ETags are the MD5 of the parts’ MD5s: uploads are verified by them (verifiedBy "etag").',
      'ok digest: Other bytes than the signed Content-MD5 are refused (400 BadDigest).',
      'ok parts: Parts below 5 MiB are refused (400 EntityTooSmall), as the profile generic has it.',
      'ok single: Files of one part go by a single PUT, bound to their length, digest and metadata.',
      `ok cors: ${PAGE} may PUT with content-md5 (preflight).`,
      `ok cors: ${PAGE} may PUT a file of one part with all that it carries (preflight).`,
    ])
      expect(lines).toContain(line);
    expect(code).toBe(0);
    expect(await patient.contents()).toEqual([]);
  });

  test('that keeps versions: not one is left', async () => {
    const patient = await clinic.admit();
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await patient.store.s3.send(new PutBucketVersioningCommand({ Bucket: patient.bucket, VersioningConfiguration }));
    const { code, faults } = await doctor(patient.env);
    expect({ code, faults }).toEqual({ code: 0, faults: [] });
    expect(await patient.contents()).toEqual([]);
    expect(await versionsIn(patient.store, patient.bucket)).toBe(0);
  });

  test('keeps a lifecycle rule, which is taken away again', async () => {
    const patient = await clinic.admit();
    const { faults, lines } = await doctor(patient.env, { args: ['--try-lifecycle'] });
    expect(faults).toEqual([]);
    expect(lines).toContain(
      'ok lifecycle: The store keeps a rule that aborts incomplete uploads (tried, and taken away again).',
    );
    await expect(
      patient.store.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: patient.bucket })),
    ).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' });
  });

  test('without a CORS rule: one fault', async () => {
    const patient = await clinic.admit();
    await patient.store.s3.send(new DeleteBucketCorsCommand({ Bucket: patient.bucket }));
    const { code, faults } = await doctor(patient.env);
    expect(faults).toEqual([expect.stringContaining(`FAULT cors: ${PAGE} may not PUT`)]);
    expect(code).toBe(1);
  });

  for (const [what, change, line] of [
    ['a wrong secret key', { S3_SECRET_KEY: 'not-the-one' }, /403 SignatureDoesNotMatch/],
    ['an unknown access key', { S3_ACCESS_KEY: 'nobody' }, /403 InvalidAccessKeyId/],
    ['a bucket that does not exist', { S3_BUCKET: 'not-there' }, /404 NoSuchBucket/],
  ] as const)
    test(`with ${what}: one fault`, async () => {
      const patient = await clinic.admit();
      const { code, faults } = await doctor({ ...patient.env, ...change });
      expect(faults).toEqual([expect.stringMatching(line)]);
      expect(code).toBe(1);
    });
});
