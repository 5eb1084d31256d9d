import { describe, expect, test } from 'bun:test';
import { english, noticeOf } from '../../sw/notice.ts';
import type { UploadRecord } from '../../sw/record.ts';

const record = (name: string, change: Partial<UploadRecord> = {}) =>
  ({ id: name, name, state: 'open', staged: true, resumeToken: 'mpu_1', ...change }) as UploadRecord;
const done = (name: string) => record(name, { state: 'done' });
const failed = (name: string) => record(name, { state: 'failed' });
const trouble = (code: string) => ({ error: { code, message: '' } });
const all = new Set(['a', 'b', 'c']);

describe('a person who looks at no window', () => {
  test('hears once all has arrived, and of what arrived meanwhile only', () => {
    expect(noticeOf([done('old'), done('a'), record('b')], all, 'on')).toBeUndefined();
    expect(noticeOf([done('old'), done('a'), done('b')], all, 'on')).toMatchObject({ kind: 'done', names: ['a', 'b'] });
    expect(noticeOf([done('old')], all, 'over')).toBeUndefined();
  });

  test('hears of what failed when the rest has arrived', () => {
    expect(noticeOf([done('a'), failed('b')], all, 'over')).toMatchObject({ kind: 'failed', names: ['b'] });
  });

  test('is called for a file or a login at once, even while others move on', () => {
    const records = [done('a'), record('b', trouble('FILE_NEEDED')), record('c', trouble('GRANT_EXPIRED'))];
    expect(noticeOf(records, all, 'on')).toMatchObject({ kind: 'needs-file', names: ['b'] });
    expect(noticeOf([done('a'), records[2]!], all, 'on')).toMatchObject({ kind: 'needs-login', names: ['c'] });
  });

  test('is called for what nobody can send or begin once no window is left to do it', () => {
    const unstaged = record('a', { staged: false });
    const unbegun = record('b', { resumeToken: undefined });
    expect(noticeOf([unstaged, unbegun], all, 'on')).toBeUndefined();
    expect(noticeOf([unstaged, unbegun], all, 'over')).toMatchObject({ kind: 'needs-file', names: ['a'] });
    expect(noticeOf([unbegun], all, 'over')).toMatchObject({ kind: 'needs-login', names: ['b'] });
  });

  test('is not troubled with what is paused, and told when the browser lets the worker run no longer', () => {
    expect(noticeOf([record('a', { paused: true })], all, 'spent')).toBeUndefined();
    expect(noticeOf([record('a')], all, 'on')).toBeUndefined();
    expect(noticeOf([record('a')], all, 'spent')).toMatchObject({ kind: 'rests', names: ['a'] });
  });

  test('reads names, or how many', () => {
    expect(english({ kind: 'done', names: ['a', 'b'] })).toEqual({ title: 'Upload finished', body: 'a\nb' });
    expect(english({ kind: 'done', names: ['a', 'b', 'c', 'd'] })?.body).toBe('4 files');
  });
});
