import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { percentageOf, stateOf } from '../../client/state.ts';
import type { UploadRecord } from '../../sw/record.ts';

const RECORD: UploadRecord = {
  id: 'x',
  endpoint: 'https://up.example.com',
  name: 'film.bin',
  size: 1000,
  type: 'video/mp4',
  lastModified: 0,
  addedAt: 0,
  metadata: {},
  partSize: 10,
  totalParts: 100,
  state: 'open',
  staged: true,
};
const state = fc.constantFrom('open' as const, 'done' as const, 'failed' as const, 'cancelling' as const);
const phase = fc.constantFrom(undefined, 'uploading' as const, 'waiting' as const, 'finishing' as const);

describe('what the row says', () => {
  test('100 % only when it is done', () => {
    fc.assert(
      fc.property(state, fc.nat({ max: 10 ** 12 }), fc.nat({ max: 2 * 10 ** 12 }), (state, size, bytes) => {
        const percentage = percentageOf({ state, size }, bytes);
        expect(percentage === 100).toBe(state === 'done');
        expect(Number.isInteger(percentage) && percentage >= 0 && percentage <= 100).toBe(true);
      }),
    );
  });

  test('done only where the record says so, whatever its driver says', () => {
    fc.assert(
      fc.property(state, phase, fc.boolean(), fc.boolean(), (state, phase, staged, fileAtHand) => {
        const shown = stateOf({ ...RECORD, state, staged }, { phase, fileAtHand });
        expect(shown === 'done').toBe(state === 'done');
        expect(shown === 'failed').toBe(state === 'failed');
        // Cancelled while the server verifies, it may turn out to have arrived.
        expect(shown === 'cancelled').toBe(state === 'cancelling' && phase !== 'finishing');
        expect(shown === 'needs-file').toBe(state === 'open' && !staged && !fileAtHand);
      }),
    );
  });

  test('a row whose record is gone was cancelled; one that nobody drives yet is being prepared', () => {
    expect(stateOf(undefined, { phase: 'uploading', fileAtHand: true })).toBe('cancelled');
    expect(stateOf(RECORD, { phase: undefined, fileAtHand: false })).toBe('preparing');
    expect(stateOf({ ...RECORD, staged: false }, { phase: 'waiting', fileAtHand: true })).toBe('waiting');
  });
});
