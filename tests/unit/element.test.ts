import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { factsOf, isAtRisk, type Seen } from '../../client/element/facts.ts';
import { figuresIn } from '../../client/element/figures.ts';
import { accepts, ofCamera } from '../../client/element/intake.ts';
import { splitName } from '../../client/element/name.ts';
import { overall } from '../../client/element/overall.ts';
import { english } from '../../client/element/words.ts';

const figures = figuresIn('en');

/** An upload of 10 MB, 40 % of it sent. */
const upload = (changes: Partial<Seen> = {}, bytesPerSecond = 0): Seen => ({
  state: 'uploading',
  size: 10_000_000,
  addedAt: Date.UTC(2026, 10, 21),
  safeToClose: false,
  error: undefined,
  record: { staged: false },
  unstagedBytes: 0,
  progress: {
    uploaded: 1,
    total: 2,
    percentage: 40,
    uploadedBytes: changes.state === 'done' ? 10_000_000 : 4_000_000,
    totalBytes: 10_000_000,
    bytesPerSecond,
    secondsLeft: bytesPerSecond ? 6_000_000 / bytesPerSecond : undefined,
    resumeToken: undefined,
  },
  ...changes,
});
const facts = (changes: Partial<Seen>, background: Parameters<typeof factsOf>[1] = 'goes-on', speed = 0) =>
  factsOf(upload(changes, speed), background, english, figures);

test('the element can be imported where there is no page', async () => {
  expect(globalThis.HTMLElement).toBeUndefined();
  expect((await import('../../client/element/index.ts')).PartwayUpload).toBeFunction();
});

describe('a row', () => {
  test('tells speed and time left only while bytes move', () => {
    expect(facts({}, 'goes-on', 1_000_000)).toMatchObject({ state: 'Uploading', speed: '1 MB/s', left: '6 sec left' });
    expect(facts({})).toMatchObject({ speed: '', left: '' });
    expect(facts({ state: 'paused' }, 'goes-on', 1_000_000)).toMatchObject({ state: 'Paused', speed: '', left: '' });
  });

  test('says what closing the tab means for it', () => {
    const staged = { record: { staged: true } };
    expect(facts({}).note).toBe('Keep this tab open');
    expect(facts({ unstagedBytes: 6_000_000 }).note).toBe('Keep this tab open: this device has no room for 6 MB');
    expect(facts({ ...staged, safeToClose: true }).note).toBe('Safe to close this tab');
    expect(facts(staged, 'next-visit').note).toBe('Goes on at your next visit');
    expect(facts({ ...staged, state: 'paused' }).note).toBe('Kept on this device');
    expect(facts(staged, 'stops').note).toBe('Keep this tab open');
    expect(facts({ state: 'done' }).note).toContain('2026');
  });

  test('tells what is wrong and what to do, and calls only the network the network', () => {
    const error = (code: string, goesOn = false) =>
      ({ code, message: 'Something is wrong.', remedy: 'Do something.', goesOn }) as NonNullable<Seen['error']>;
    expect(facts({ state: 'failed', error: error('ANY') }).message).toBe('Something is wrong. Do something.');
    expect(facts({ state: 'needs-file', error: error('FILE_NEEDED') }).message).toBe('Something is wrong.');
    expect(facts({ state: 'waiting', error: error('NO_CONNECTION', true) })).toMatchObject({
      state: 'Waiting for network',
      message: '',
    });
    expect(facts({ state: 'waiting', error: error('HTTP_503', true) })).toMatchObject({
      state: 'Waiting',
      message: 'Something is wrong.',
    });
  });

  test('is at risk only while closing the tab would lose what was picked', () => {
    const staged = { record: { staged: true } };
    expect(isAtRisk(upload(), 'goes-on')).toBe(true);
    expect(isAtRisk(upload(staged), 'goes-on')).toBe(false);
    expect(isAtRisk(upload(staged), 'next-visit')).toBe(false);
    expect(isAtRisk(upload(staged), 'stops')).toBe(true);
    for (const state of ['finishing', 'done', 'failed', 'needs-file', 'cancelled'] as const)
      expect([state, isAtRisk(upload({ state }), 'goes-on')]).toEqual([state, false]);
  });
});

test('the line for all adds up what is done, what is sent, and the time that is left at the speed of all', () => {
  const all = [
    upload({ state: 'done' }),
    upload({}, 500_000),
    upload({}, 500_000),
    upload({ state: 'paused' }),
    upload({ state: 'failed' }),
  ];
  expect(overall(all, english, figures)).toEqual(['1 of 5 done', '26 MB of 50 MB · 15 sec left · 1 needs you']);
  expect(overall([upload({ state: 'done' }), upload({ state: 'done' })], english, figures)).toEqual([
    '2 of 2 done',
    '20 MB',
  ]);
});

describe('figures', () => {
  test('time is coarser the longer it is, and never shorter than it takes', () => {
    const told = [0.2, 9.1, 11, 56, 59, 61, 3599, 3600, 3661, 7200].map(figures.time);
    expect(told).toEqual([
      '1 sec',
      '10 sec',
      '15 sec',
      '1 min',
      '1 min',
      '2 min',
      '1 hr',
      '1 hr',
      '1 hr 2 min',
      '2 hr',
    ]);
  });

  test('a page in another language, in none or in one that is none is no trouble', () => {
    expect(figuresIn('de').percent(48)).toBe('48\u00a0%');
    for (const language of ['', 'not a language', undefined]) expect(figuresIn(language).count(3)).toBe('3');
  });
});

describe('accept', () => {
  test('takes endings, types and kinds of types, in whatever case', () => {
    const file = { name: 'Photo.JPG', type: 'image/jpeg' };
    for (const accept of ['', '.jpg', 'image/*', 'image/jpeg', 'audio/*, .png , .JPG'])
      expect([accept, accepts(file, accept)]).toEqual([accept, true]);
    for (const accept of ['.png', 'video/*', 'image/png', '.pdf,text/plain'])
      expect([accept, accepts(file, accept)]).toEqual([accept, false]);
  });

  test('a camera is asked only for what it can give', () => {
    expect(ofCamera('')).toBe('image/*');
    expect(ofCamera('.pdf,image/png, video/*')).toBe('image/png, video/*');
    expect(ofCamera('.pdf')).toBe('image/*');
  });
});

describe('a name in two', () => {
  test('is the name, and keeps its ending in the tail', () => {
    expect(splitName('Interview with the harbour master.mov')).toEqual(['Interview with the harbour ma', 'ster.mov']);
    expect(splitName('short.mov')).toEqual(['short.mov', '']);
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (name) => splitName(name).join('') === name));
  });

  test('with right-to-left letters it stays in one', () => {
    const name = 'تقرير الرحلة الأخيرة إلى الميناء.pdf';
    expect(splitName(name)).toEqual([name, '']);
  });
});
