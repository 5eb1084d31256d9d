/** What seals the credentials of requests: opened by the same secret, for the same session, whole, or not at all. */

import { describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { seal, unseal } from '../../server/credentials/seal.ts';

const secret = fc.string({ unit: 'binary', minLength: 32, maxLength: 80 });
const uuid = fc.uuid({ version: 4 });
const text = fc.string({ unit: 'grapheme', maxLength: 600 });

const sealed = (key: string, id: string, what: string) => seal(key, id, what, randomBytes);

describe('what is sealed', () => {
  test('opens under its secret for its session, also where that secret is an old one', () => {
    fc.assert(
      fc.property(secret, secret, uuid, text, (now, before, id, what) => {
        expect(unseal([now], id, sealed(now, id, what))).toBe(what);
        expect(unseal([now, before], id, sealed(before, id, what))).toBe(what);
      }),
    );
  });

  test('stays shut for another session, and under another secret', () => {
    fc.assert(
      fc.property(secret, secret, uuid, uuid, text, (right, wrong, id, other, what) => {
        fc.pre(right !== wrong && id !== other);
        const bytes = sealed(right, id, what);
        expect(unseal([right], other, bytes)).toBeUndefined();
        expect(unseal([wrong], id, bytes)).toBeUndefined();
        expect(unseal([], id, bytes)).toBeUndefined();
      }),
    );
  });

  test('stays shut with any bit of it turned, cut short or drawn out', () => {
    const key = 'a secret of at least 32 characters';
    fc.assert(
      fc.property(
        uuid,
        text,
        fc.nat(),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 20 }),
        (id, what, at, cut, more) => {
          const bytes = sealed(key, id, what);
          const turned = Uint8Array.from(bytes);
          turned[Math.floor(at / 8) % turned.length]! ^= 1 << (at % 8);
          expect(unseal([key], id, turned)).toBeUndefined();
          expect(unseal([key], id, bytes.subarray(0, cut % bytes.length))).toBeUndefined();
          expect(unseal([key], id, Buffer.concat([bytes, more]))).toBeUndefined();
        },
      ),
      { numRuns: 1000 },
    );
    const id = crypto.randomUUID();
    const bytes = sealed(key, id, 'hunter2');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const turned = Uint8Array.from(bytes);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      expect([bit, unseal([key], id, turned)]).toEqual([bit, undefined]);
    }
  });

  test('shows nothing of what it is, and is never the same twice', () => {
    const id = crypto.randomUUID();
    const what = 'hunter2'.repeat(20);
    const two = [sealed('x'.repeat(32), id, what), sealed('x'.repeat(32), id, what)].map((bytes) => Buffer.from(bytes));
    for (const bytes of two) expect(bytes.includes('hunter')).toBe(false);
    // The id of the key is the same, and what follows is not.
    expect(two[0]!.subarray(0, 8)).toEqual(two[1]!.subarray(0, 8));
    expect(two[0]!.subarray(8, 40)).not.toEqual(two[1]!.subarray(8, 40));
  });
});
