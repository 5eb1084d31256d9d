import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { MIGRATIONS } from '../../server/database/migrate.ts';

test('every file of migrations/ is applied, in the order of its number', () => {
  expect(MIGRATIONS).toEqual(readdirSync(new URL('../../migrations', import.meta.url)).sort());
});
