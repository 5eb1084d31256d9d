import { basename } from 'node:path';
import { encodePath } from '../../../signature/canonical.ts';
import { checksumField } from '../body/digests.ts';
import { receiveText } from '../body/reception.ts';
import type { Bucket } from '../disk/bucket.ts';
import type { Manifest } from '../disk/manifest.ts';
import { partName, partOf } from '../disk/part.ts';
import type { Upload } from '../disk/uploads.ts';
import { BucketError } from '../errors.ts';
import type { Exchange, Operation } from '../exchange.ts';
import { writeCondition } from '../http/conditions.ts';
import { xmlResponse } from '../xml/markup.ts';
import { chosenParts, compositeChecksum, multipartEtag, type WantedPart, wantedParts } from './assembly.ts';

/** 10,000 parts with every field and checksum stay well below. */
const LARGEST = 2 ** 23;

/** Names the parts' files in order as the object: not a byte of them is written again. */
async function assemble({ field, now, smallestPart }: Exchange, bucket: Bucket, upload: Upload, wanted: WantedPart[]) {
  const parts = chosenParts(upload.parts, wanted, upload.algorithm, smallestPart);
  const folder = `uploads/${upload.id}`;
  const manifest: Manifest = {
    key: upload.key,
    size: parts.reduce((total, part) => total + part.size, 0),
    etag: multipartEtag(parts),
    modified: now().getTime(),
    headers: upload.headers,
    pieces: parts.map((part) => ({ file: `${folder}/${partName(part)}`, size: part.size })),
    data: folder,
    upload: upload.id,
  };
  if (upload.algorithm) manifest.checksum = { ...compositeChecksum(parts, upload.algorithm), type: 'COMPOSITE' };
  const size = field('x-amz-mp-object-size');
  if (size !== undefined && Number(size) !== manifest.size)
    throw new BucketError('InvalidRequest', `The parts have ${manifest.size} bytes, not the declared ${size}.`);
  const declared = manifest.checksum && field(checksumField(manifest.checksum.algorithm));
  if (declared !== undefined && declared.split('-')[0] !== manifest.checksum?.value.split('-')[0])
    throw new BucketError('BadDigest', 'The checksum you specified is not that of the parts.');
  await bucket.objects.commit(manifest, writeCondition(field), () => bucket.uploads.seal(upload, parts));
  return manifest;
}

/** The object that this very completion has made before, if it still stands: a client whose answer was lost asks again. */
async function made(bucket: Bucket, key: string, id: string, wanted: WantedPart[]): Promise<Manifest | undefined> {
  if (id === '' || bucket.objects.summary(key)?.upload !== id) return undefined;
  const { manifest, release } = await bucket.objects.lease(key);
  await release();
  const parts = manifest.pieces.map(({ file }) => partOf(basename(file)));
  const identical =
    manifest.upload === id &&
    parts.length === wanted.length &&
    parts.every((part, at) => part?.number === wanted[at]!.number && part.md5 === wanted[at]!.etag);
  return identical ? manifest : undefined;
}

export const completeUpload: Operation = async (exchange) => {
  const { request, target } = exchange;
  const bucket = exchange.bucket();
  const id = target.get('uploadId') ?? '';
  const wanted = wantedParts(await receiveText(exchange, LARGEST));
  const manifest = await bucket.uploads.hold(id, async () => {
    const before = await made(bucket, target.key, id, wanted);
    return before ?? assemble(exchange, bucket, bucket.uploads.find(target.key, id), wanted);
  });
  const { checksum } = manifest;
  return xmlResponse('CompleteMultipartUploadResult', [
    ['Location', `${new URL(request.url).origin}/${bucket.name}/${encodePath(target.key)}`],
    ['Bucket', bucket.name],
    ['Key', target.key],
    ['ETag', `"${manifest.etag}"`],
    [`Checksum${checksum?.algorithm}`, checksum?.value],
    ['ChecksumType', checksum?.type],
  ]);
};
