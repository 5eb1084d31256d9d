import { describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import {
  hashToken,
  isGrant,
  newApiKey,
  newGrant,
  newId,
  resumeToken,
  sameBytes,
  sessionOf,
} from '../../server/token.ts';

const SECRET = 'a secret of at least 32 characters';
const uuid = fc.uuid({ version: 4 });

describe('a resume token', () => {
  test('speaks of its session, is always the same, and fits a header', () => {
    fc.assert(
      fc.property(uuid, fc.integer({ min: 1, max: 1000 }), (id, generation) => {
        const token = resumeToken(SECRET, id, generation);
        expect(token).toMatch(/^mpu_[A-Za-z0-9_-]{64}$/);
        expect(sessionOf(token)).toBe(id);
        expect(resumeToken(SECRET, id, generation)).toBe(token);
      }),
    );
  });

  test('is another for another session, generation or secret', () => {
    fc.assert(
      fc.property(uuid, uuid, fc.integer({ min: 1, max: 1000 }), (id, other, generation) => {
        fc.pre(id !== other);
        const token = resumeToken(SECRET, id, generation);
        const others = [
          resumeToken(SECRET, other, generation),
          resumeToken(SECRET, id, generation + 1),
          resumeToken(SECRET, id, Number(`${generation}0`)),
          resumeToken(`${SECRET}!`, id, generation),
        ];
        expect(others).not.toContain(token);
        // Without the session's own bytes they share nothing that one could be made from.
        for (const different of others) expect(different.slice(-40)).not.toBe(token.slice(-40));
      }),
    );
  });

  test('is told from everything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        fc.pre(!text.startsWith('mpu_'));
        expect(sessionOf(text)).toBeUndefined();
        const id = sessionOf(`mpu_${text}`);
        if (id !== undefined) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      }),
    );
    const token = resumeToken(SECRET, crypto.randomUUID(), 1);
    for (const wrong of ['', 'mpu_', token.slice(4), token.slice(0, -4), `${token}AAAA`, token.replace('mpu', 'mpg')])
      expect(sessionOf(wrong)).toBeUndefined();
  });
});

describe('what is made at random', () => {
  test('an id is a UUID of version 4', () => {
    const ids = Array.from({ length: 1000 }, () => newId(randomBytes));
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(1000);
    expect(newId(() => new Uint8Array(16).fill(255))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
    expect(newId(() => new Uint8Array(16))).toBe('00000000-0000-4000-8000-000000000000');
  });

  test('a grant and a key are told apart and hold 256 bits', () => {
    const [grant, key] = [newGrant(randomBytes), newApiKey(randomBytes)];
    expect([grant, key]).toEqual([expect.stringMatching(/^mpg_[\w-]{43}$/), expect.stringMatching(/^mpk_[\w-]{43}$/)]);
    expect([isGrant(grant), isGrant(key), isGrant('dev')]).toEqual([true, false, false]);
  });

  test('a hash is SHA-256', () => {
    expect(Buffer.from(hashToken('abc')).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(sameBytes(hashToken('a'), hashToken('a'))).toBe(true);
    expect(sameBytes(hashToken('a'), hashToken('b'))).toBe(false);
    expect(sameBytes(hashToken('a'), new Uint8Array(3))).toBe(false);
  });
});
