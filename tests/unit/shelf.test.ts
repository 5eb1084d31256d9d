/** Opened buckets of callers: used again, few at a time, and never closed under whoever waits for an answer. */

import { expect, test } from 'bun:test';
import type { Bucket } from '../../server/bucket/bucket.ts';
import { createShelf } from '../../server/credentials/shelf.ts';

function opener() {
  const opened: string[] = [];
  const closed: string[] = [];
  const answers = new Map<string, (answer: undefined) => void>();
  const open = (name: string) => () => {
    opened.push(name);
    const headObject = () => new Promise<undefined>((resolve) => answers.set(name, resolve));
    return { name, addressOf: () => name, headObject, close: () => void closed.push(name) } as unknown as Bucket;
  };
  return { opened, closed, open, answer: (name: string) => answers.get(name)!(undefined) };
}

test('a bucket is opened once while it is used, and the one used longest ago makes room', () => {
  const { opened, closed, open } = opener();
  const shelf = createShelf(2);
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) expect(shelf.take(name, open(name)).addressOf('')).toBe(name);
  expect([opened, closed]).toEqual([
    ['a', 'b', 'c', 'b'],
    ['b', 'c'],
  ]);
  shelf.close();
  expect(closed).toEqual(['b', 'c', 'a', 'b']);
});

test('one that is waited for is closed when the answer is there', async () => {
  const { closed, open, answer } = opener();
  const shelf = createShelf(1);
  const asked = shelf.take('a', open('a')).headObject('key');
  shelf.take('b', open('b'));
  expect(closed).toEqual([]);
  answer('a');
  await asked;
  expect(closed).toEqual(['a']);
});
