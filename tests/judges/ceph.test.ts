import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { isAlive, processTree } from '../browser/processes.ts';
import { type Ceph, cephInstalled, startCeph } from './ceph.ts';

describe.skipIf(!cephInstalled())('Ceph RGW on loopback', () => {
  let ceph: Ceph;
  let daemons: number[];

  beforeAll(async () => {
    ceph = await startCeph();
    daemons = processTree(process.pid).filter((pid) => pid !== process.pid);
  }, 60_000);
  afterAll(() => ceph?.stop());

  test('keeps an object, turns a wrong key away, and leaves no process behind', async () => {
    const { endpoint, region, accessKey: accessKeyId, secretKey: secretAccessKey } = ceph;
    const store = { endpoint, region, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' } as const;
    const s3 = new S3Client({ ...store, credentials: { accessKeyId, secretAccessKey } });
    const object = { Bucket: 'smoke', Key: 'a b/ü' };

    await s3.send(new CreateBucketCommand({ Bucket: object.Bucket }));
    await s3.send(new PutObjectCommand({ ...object, Body: 'kept' }));
    const { Body } = await s3.send(new GetObjectCommand(object));
    expect(await Body!.transformToString()).toBe('kept');

    const stranger = new S3Client({ ...store, credentials: { accessKeyId, secretAccessKey: 'guessed' } });
    await expect(stranger.send(new GetObjectCommand(object))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });

    await ceph.stop();
    expect(daemons.length).toBeGreaterThanOrEqual(3);
    expect(daemons.filter(isAlive)).toEqual([]);
  });
});
