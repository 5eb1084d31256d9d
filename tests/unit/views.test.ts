import { expect, test } from 'bun:test';
import { createViews } from '../../client/views.ts';
import { openBus } from '../../sw/bus.ts';
import type { UploadRecord } from '../../sw/record.ts';
import type { Store } from '../../sw/store.ts';

const RECORD = { id: 'one', name: 'film.bin', size: 10, partSize: 10, totalParts: 1, state: 'open' } as UploadRecord;
const OBJECT = { url: 'https://bucket.example/film', fileKey: 'film', etag: '"1"' };

test('what has arrived stays so, whatever was read before and is told late, and makes no more progress', async () => {
  const views = createViews({ actions: () => Promise.reject(), canLeave: () => true });
  const bus = openBus(undefined);
  let record = RECORD;
  const store = { upload: async () => record, parts: async () => [] } as unknown as Store;
  views.serve({ store, bus, somewhere: async () => true, shown: () => 0 });
  const view = views.make(RECORD);
  const states: string[] = [];
  let progress = 0;
  view.addEventListener('progress', () => progress++);
  view.addEventListener('change', () => states.push(view.state));
  bus.post({ type: 'done', id: 'one', object: OBJECT });
  expect(await view).toEqual(OBJECT);
  await views.refresh('one');
  bus.post({ type: 'progress', id: 'one', bytes: 5, parts: 0, phase: 'uploading' });
  record = { ...RECORD, ...OBJECT, state: 'done' };
  await views.refresh('one');
  expect(progress).toBe(1);
  expect(new Set(states)).toEqual(new Set(['done']));
  expect(view.progress.percentage).toBe(100);
});
