import { createHash } from 'node:crypto';
import { type Checksum, type ChecksumName, digestOf } from '../body/digests.ts';
import type { Part } from '../disk/part.ts';
import { BucketError } from '../errors.ts';
import { childrenOf, readXml, textOf } from '../xml/reader.ts';

/** A part as CompleteMultipartUpload names it. */
export interface WantedPart {
  number: number;
  /** Without quotes, in lower case. */
  etag: string;
  /** Base64, by the algorithm's name. */
  checksums: Partial<Record<string, string>>;
}

const MOST_PARTS = 10_000;

/** The parts of a CompleteMultipartUpload document. Throws MalformedXML, and InvalidPartOrder unless numbers ascend. */
export function wantedParts(text: string): WantedPart[] {
  const parts = childrenOf(readXml(text, 'CompleteMultipartUpload'), 'Part').map((part) => {
    const number = textOf(part, 'PartNumber') ?? '';
    const etag = textOf(part, 'ETag');
    if (!/^\d{1,9}$/.test(number) || etag === undefined)
      throw new BucketError('MalformedXML', 'Each Part needs a PartNumber and an ETag.');
    const sums = part.children.filter(({ name }) => name.startsWith('Checksum'));
    const checksums = Object.fromEntries(sums.map((sum) => [sum.name.slice('Checksum'.length), sum.text.trim()]));
    return { number: Number(number), etag: etag.replaceAll('"', '').toLowerCase(), checksums };
  });
  if (!parts.length || parts.length > MOST_PARTS)
    throw new BucketError('MalformedXML', `You must specify 1 to ${MOST_PARTS} parts.`);
  if (parts.some((part, at) => at > 0 && part.number <= parts[at - 1]!.number))
    throw new BucketError('InvalidPartOrder', 'The list of parts was not in ascending order.');
  return parts;
}

/**
 * The stored parts that are wanted. Throws InvalidPart where one is missing or another, InvalidRequest where a checksum
 * is missing that the upload was begun with, EntityTooSmall where any but the last is below `smallest` bytes.
 */
export function chosenParts(
  stored: ReadonlyMap<number, Part>,
  wanted: WantedPart[],
  algorithm: ChecksumName | undefined,
  smallest: number,
): Part[] {
  const chosen = wanted.map(({ number, etag, checksums }) => {
    const part = stored.get(number);
    const given = part?.checksum && checksums[part.checksum.algorithm];
    if (!part || part.md5 !== etag || (given !== undefined && given !== part.checksum?.value))
      throw new BucketError('InvalidPart', `Part ${number} could not be found, or its ETag or checksum is another.`);
    if (algorithm && checksums[algorithm] === undefined)
      throw new BucketError(
        'InvalidRequest',
        `This upload was begun with ${algorithm}: part ${number} needs that checksum.`,
      );
    return part;
  });
  const small = chosen.slice(0, -1).find((part) => part.size < smallest);
  if (small)
    throw new BucketError(
      'EntityTooSmall',
      `Part ${small.number} has ${small.size} bytes; all but the last need ${smallest}.`,
    );
  return chosen;
}

/** S3: the MD5 of the parts' MD5s, and their number. */
export function multipartEtag(parts: Part[]): string {
  const hash = createHash('md5');
  for (const { md5 } of parts) hash.update(md5, 'hex');
  return `${hash.digest('hex')}-${parts.length}`;
}

/** S3: the checksum of the parts' checksums, and their number. */
export function compositeChecksum(parts: Part[], algorithm: ChecksumName): Checksum {
  const digest = digestOf(algorithm);
  for (const { checksum } of parts) digest.update(Buffer.from(checksum?.value ?? '', 'base64'));
  return { algorithm, value: `${digest.digest().toString('base64')}-${parts.length}` };
}
