import { type Answer, succeeded } from '../bucket/answer.ts';
import type { Shapes } from './parts.ts';
import type { Room } from './room.ts';
import { bytesOf, HEADERS, md5 } from './specimen.ts';

/** By how many bytes one part is larger than its neighbours, to see whether the store minds. */
const UNEVEN = 2 ** 16;

/** Puts objects together of parts that a store may not like. */
export async function tryShapes(room: Room): Promise<Shapes> {
  const { smallestPart } = room.subject.store.profile;
  const uneven = await assemble(room, 'uneven', [smallestPart, smallestPart + UNEVEN, 1]);
  const even = succeeded(uneven) ? undefined : await assemble(room, 'even', [smallestPart, smallestPart, 1]);
  const small = smallestPart > 1 ? await assemble(room, 'small', [smallestPart - 1, 1]) : undefined;
  return { uneven, even, small };
}

/** Answers what the first call that failed was answered, or the last. */
async function assemble({ probe, crossing, prefix }: Room, name: string, sizes: number[]): Promise<Answer> {
  const created = await probe.createUpload(prefix + name, HEADERS);
  if (!created.result) return created;
  const sent = [];
  for (const [at, size] of sizes.entries()) {
    const body = bytesOf(size);
    const put = await crossing.putPart(created.result, { partNumber: at + 1, size }, body);
    if (!succeeded(put)) return put;
    sent.push({ partNumber: at + 1, etag: md5(body, 'hex') });
  }
  const listed = await probe.listParts(created.result);
  return probe.completeUpload(created.result, listed.result ?? sent);
}
