/** A bucket that answers late, wrongly or not at all, while an upload is being finished. */

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3';
import { embeddedStore, uploadsIn } from '../store.ts';
import { apiAt, digestsFor, granted, patiently, put, random, told } from './client.ts';
import { expectNothing, expectObject, MiB, openWiredPlace, sendFile } from './place.ts';
import { serve } from './serve.ts';
import { errorBody, firstOf, isComplete, stands } from './wire.ts';

setDefaultTimeout(120_000);

let place: Awaited<ReturnType<typeof openWiredPlace>>;
const undo: (() => void)[] = [];
beforeAll(async () => {
  place = await openWiredPlace(await embeddedStore({ smallestPart: 1024 }));
});
afterEach(() => {
  for (const back of undo.splice(0)) back();
});
afterAll(() => place?.stop());

const sent = () => sendFile(place);

/** What the store would have done, had it been asked. */
async function completeBehind({ fileKey, uploadId, bytes }: Awaited<ReturnType<typeof sent>>): Promise<void> {
  const Parts = digestsFor(bytes, 1024).map(({ partNumber, digest }) => ({
    PartNumber: partNumber,
    ETag: Buffer.from(digest, 'base64').toString('hex'),
  }));
  const upload = { Bucket: place.bucket, Key: fileKey, UploadId: uploadId!, MultipartUpload: { Parts } };
  await place.store.s3.send(new CompleteMultipartUploadCommand(upload));
}

test('an answer lost after the store has completed is settled by looking at the object', async () => {
  const upload = await sent();
  const first = firstOf(isComplete);
  undo.push(place.wire.hold(first, 'response'));
  const asked = upload.complete();
  await stands(place.wire, first);
  place.wire.cut();
  expect(granted(await asked).verifiedBy).toBe('etag');
  await expectObject(place, upload.fileKey, upload.bytes);
});

const CONTRARY = {
  '500': { status: 500, body: errorBody('InternalError') },
  '503 without a body': { status: 503 },
  '404 NoSuchUpload': { status: 404, body: errorBody('NoSuchUpload') },
  '200 with an error in its body': { status: 200, body: errorBody('InternalError') },
  '400 InvalidPart': { status: 400, body: errorBody('InvalidPart') },
};

const headers = { 'content-type': 'application/xml' };
/** RGW's first answer. */
const WITHOUT_ETAG = {
  status: 200,
  body: '<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>',
};

for (const [what, answer] of Object.entries({ ...CONTRARY, '200 with an empty ETag': WITHOUT_ETAG })) {
  test(`a store that completed and answers ${what} is not believed, its object is`, async () => {
    const upload = await sent();
    const release = place.wire.hold(isComplete);
    undo.push(place.wire.answer(isComplete, { ...answer, headers }));
    const asked = upload.complete();
    await stands(place.wire, isComplete);
    await completeBehind(upload);
    release();
    expect(granted(await asked)).toMatchObject({ verifiedBy: 'etag', etag: upload.wish.objectDigest });
    await expectObject(place, upload.fileKey, upload.bytes);
  });
}

for (const [what, answer] of Object.entries(CONTRARY)) {
  test(`a store that did not complete and answers ${what} is never taken for done`, async () => {
    const upload = await sent();
    undo.push(place.wire.answer(isComplete, { ...answer, headers }));
    const refused = await upload.complete();
    expect(refused.status).not.toBe(200);
    await expectNothing(place, upload.fileKey);
    undo.pop()!();
    const again = await patiently(() => upload.complete());
    // Only a store that has lost the upload ends it.
    if (what !== '404 NoSuchUpload') {
      expect(granted(again).verifiedBy).toBe('etag');
      await expectObject(place, upload.fileKey, upload.bytes);
    } else expect(told(again)).toEqual([410, 'UPLOAD_EXPIRED']);
  });
}

test('with the bucket away each call says when to try again, and afterwards the upload goes on', async () => {
  const upload = await sent();
  const { resumeToken } = upload;
  await place.wire.down();
  const answers = [
    await upload.complete(),
    await place.api.call('resume', { resumeToken }),
    await place.api.call('sign', { resumeToken, parts: [], reconcile: true }),
  ];
  await place.wire.up();
  for (const answer of answers) {
    expect(told(answer)).toEqual([503, 'STORE_UNAVAILABLE']);
    expect(answer.retryAfter).toBeGreaterThan(0);
  }
  expect(granted(await patiently(() => upload.complete())).verifiedBy).toBe('etag');
  await expectObject(place, upload.fileKey, upload.bytes);
});

test('a cancel that the bucket did not hear of holds, and the next one or the janitor frees the bucket', async () => {
  const { resumeToken, fileKey, uploadId } = await sent();
  await place.wire.down();
  granted(await place.api.call('abort', { resumeToken }));
  await place.wire.up();
  expect(await uploadsIn(place.store, place.bucket)).toContain(uploadId!);
  granted(await place.api.call('abort', { resumeToken }));
  await expectNothing(place, fileKey, uploadId);
});

test('a part of 200 MiB passes through the bucket that comes along', async () => {
  const server = await serve();
  try {
    const api = apiAt(server.url);
    const bytes = random(200 * MiB);
    const { partUrls, resumeToken, totalParts } = await api.begin({ size: bytes.length }, { partSize: 200 * MiB });
    expect(totalParts).toBe(1);
    expect((await put(partUrls[0]!, bytes)).status).toBe(200);
    const { downloadUrl } = granted(await api.call('complete', { resumeToken }));
    const download = await fetch(downloadUrl!);
    expect(Bun.hash((await download.bytes()) as Uint8Array)).toBe(Bun.hash(bytes));
  } finally {
    await server.stop();
  }
});
