import { describe, expect, test } from 'bun:test';
import { english, noticeOf } from '../../sw/notice.ts';
import type { UploadRecord } from '../../sw/record.ts';

const record = (name: string, change: Partial<UploadRecord> = {}) =>
  ({ id: name, name, state: 'open', staged: true, resumeToken: 'mpu_1', ...change }) as UploadRecord;
const done = (name: string) => record(name, { state: 'done' });
const failed = (name: string) => record(name, { state: 'failed' });
const trouble = (code: string) => ({ error: { code, message: '' } });
const due = (...given: Parameters<typeof noticeOf>) => {
  const [kind, about] = noticeOf(...given)!;
  return [kind, about.map(({ name }) => name)];
};
const all = new Set(['a', 'b', 'c']);

describe('a person who looks at no window', () => {
  test('hears once all has arrived, and of what arrived meanwhile only', () => {
    expect(noticeOf([done('old'), done('a'), record('b')], all, 'on')).toBeUndefined();
    expect(due([done('old'), done('a'), done('b')], all, 'on')).toEqual(['done', ['a', 'b']]);
    expect(noticeOf([done('old')], all, 'over')).toBeUndefined();
  });

  test('hears of what failed when the rest has arrived', () => {
    expect(due([done('a'), failed('b')], all, 'over')).toEqual(['failed', ['b']]);
  });

  test('is called for a file or a login at once, even while others move on', () => {
    const records = [done('a'), record('b', trouble('FILE_NEEDED')), record('c', trouble('GRANT_EXPIRED'))];
    expect(due(records, all, 'on')).toEqual(['needs-file', ['b']]);
    expect(due([done('a'), records[2]!], all, 'on')).toEqual(['needs-login', ['c']]);
  });

  test('is called for what nobody can send or begin once no window is left to do it', () => {
    const unstaged = record('a', { staged: false });
    const unbegun = record('b', { resumeToken: undefined });
    expect(noticeOf([unstaged, unbegun], all, 'on')).toBeUndefined();
    expect(due([unstaged, unbegun], all, 'over')).toEqual(['needs-file', ['a']]);
    expect(due([unbegun], all, 'over')).toEqual(['needs-login', ['b']]);
  });

  test('is not troubled with what is paused, and told when the browser lets the worker run no longer', () => {
    expect(noticeOf([record('a', { paused: true })], all, 'spent')).toBeUndefined();
    expect(noticeOf([record('a')], all, 'on')).toBeUndefined();
    expect(due([record('a')], all, 'spent')).toEqual(['rests', ['a']]);
  });

  test('reads names, or how many', () => {
    expect(english({ kind: 'done', names: ['a', 'b'] })).toEqual({ title: 'Upload finished', body: 'a\nb' });
    expect(english({ kind: 'done', names: ['a', 'b', 'c', 'd'] })?.body).toBe('4 files');
  });
});
