import { type Checksum, type ChecksumName, checksumName } from '../body/digests.ts';

/** A part that the bucket has. All of it stands in its file's name, so that a folder listing restores an upload. */
export interface Part {
  number: number;
  /** Bytes. */
  size: number;
  /** Hex. */
  md5: string;
  /** Milliseconds since 1970, and higher than that of any earlier part of the same number. */
  modified: number;
  checksum?: Checksum;
}

const NAME = /^(\d{5})-([0-9a-z]{9})-(\d+)-([0-9a-f]{32})(?:-([A-Z0-9]+)-([0-9a-f]+))?$/;

export function partName({ number, size, md5, modified, checksum }: Part): string {
  const time = modified.toString(36).padStart(9, '0');
  const sum = checksum ? `-${checksum.algorithm}-${Buffer.from(checksum.value, 'base64').toString('hex')}` : '';
  return `${String(number).padStart(5, '0')}-${time}-${size}-${md5}${sum}`;
}

/** The part that a file name stands for; undefined for any other file. */
export function partOf(name: string): Part | undefined {
  const found = NAME.exec(name);
  if (!found) return undefined;
  const [, number, time, size, md5, algorithm, sum] = found;
  const part: Part = { number: Number(number), size: Number(size), md5: md5!, modified: Number.parseInt(time!, 36) };
  if (algorithm && sum) {
    const known: ChecksumName = checksumName(algorithm);
    part.checksum = { algorithm: known, value: Buffer.from(sum, 'hex').toString('base64') };
  }
  return part;
}
