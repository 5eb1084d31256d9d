import { expect, test } from 'bun:test';
import { memoryDatabase } from '../../client/memory.ts';
import type { UploadRecord } from '../../sw/record.ts';
import { createStore } from '../../sw/store.ts';

const record = (id: string, changes: Partial<UploadRecord> = {}): UploadRecord => ({
  id,
  endpoint: 'http://localhost/',
  name: 'a.bin',
  size: 120,
  type: 'text/plain',
  lastModified: 0,
  addedAt: 0,
  metadata: {},
  partSize: 10,
  totalParts: 12,
  state: 'open',
  staged: false,
  ...changes,
});
const part = (partNumber: number, stored = false) => ({ partNumber, stored, sliced: false, digest: 'x' });

test('in memory the store keeps what it is told, in order, and forgets what it is told to', async () => {
  const store = createStore(memoryDatabase());
  expect(store.lasting).toBe(false);
  await store.add(record('b', { addedAt: 2 }));
  await store.add(record('a', { addedAt: 1 }));
  expect((await store.uploads()).map(({ id }) => id)).toEqual(['a', 'b']);

  const numbers = [11, 2, 10, 1];
  for (const n of numbers) await store.putPart(record('a'), part(n));
  await store.putPart(record('a', { partSize: 100 }), part(1));
  await store.putPart(record('b'), part(7));
  expect((await store.parts(record('a'))).map(({ partNumber }) => partNumber)).toEqual([1, 2, 10, 11]);

  await store.markStored(record('a'), [part(2)]);
  expect((await store.parts(record('a')))[1]).toMatchObject({ partNumber: 2, stored: true });
  await store.dropParts('a', 100);
  expect(await store.parts(record('a', { partSize: 100 }))).toEqual([]);
  await store.remove('a');
  expect(await store.upload('a')).toBeUndefined();
  expect(await store.parts(record('a'))).toEqual([]);
  expect(await store.parts(record('b'))).toHaveLength(1);

  await store.keepGrant({ grant: 'mpg_x', endpoint: 'http://localhost/', expiresAt: 1 });
  expect(await store.grant('http://localhost/')).toMatchObject({ grant: 'mpg_x' });
  expect(await store.grant('http://elsewhere/')).toBeUndefined();
});

test('in memory, too, no change of a record is lost to another at the same time', async () => {
  const store = createStore(memoryDatabase());
  await store.add(record('a'));
  await Promise.all(
    Array.from({ length: 20 }, () => store.change('a', ({ attempt = 0 }) => ({ attempt: attempt + 1 }))),
  );
  expect((await store.upload('a'))?.attempt).toBe(20);
});
