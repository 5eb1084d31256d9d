/** Where the credentials of a request may lead: to Amazon or Cloudflare, whatever they say. */

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { locate } from '../../server/bucket/presign.ts';
import { PROFILES } from '../../server/contract/profiles.ts';
import { CREDENTIAL_FIELDS, credentialsOf, storeOf } from '../../server/credentials/credentials.ts';

const ACCOUNT = '0123456789abcdef0123456789abcdef';
const R2 = {
  provider: 'R2' as const,
  r2AccessKey: 'AK',
  r2SecretKey: 'hunter2',
  r2AccountId: ACCOUNT,
  r2Bucket: 'films',
};
const S3 = {
  provider: 'S3' as const,
  s3AccessKey: 'AK',
  s3SecretKey: 'hunter2',
  s3Bucket: 'films',
  s3Region: 'eu-west-1',
};

const LAWFUL =
  /^https:\/\/([0-9a-f]{32}\.r2\.cloudflarestorage\.com|s3\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?)\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/a\/b$/;

/** What the request comes to: an address, or the code and sentence of its refusal. */
function outcome(wish: object): { url: string } | { code: string; message: string } {
  try {
    const store = storeOf(credentialsOf(wish as typeof R2));
    const { endpoint, host, path } = locate(store, 'a/b');
    return { url: `${endpoint.protocol}//${host}${path}` };
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
}

describe('credentials of a request', () => {
  test('lead to the account at Cloudflare, or to the region at Amazon, by path', () => {
    expect(outcome(R2)).toEqual({ url: `https://${ACCOUNT}.r2.cloudflarestorage.com/films/a/b` });
    expect(outcome(S3)).toEqual({ url: 'https://s3.eu-west-1.amazonaws.com/films/a/b' });
    expect(outcome({ ...S3, s3Region: 'us-gov-east-1', s3Bucket: 'a.b-c' })).toEqual({
      url: 'https://s3.us-gov-east-1.amazonaws.com/a.b-c/a/b',
    });
    expect(outcome({ ...S3, s3Region: 'cn-northwest-1' })).toEqual({
      url: 'https://s3.cn-northwest-1.amazonaws.com.cn/films/a/b',
    });
    expect(storeOf(credentialsOf(R2))).toMatchObject({ region: 'auto', profile: PROFILES.R2, pathStyle: true });
    expect(storeOf(credentialsOf(S3))).toMatchObject({ region: 'eu-west-1', profile: PROFILES.S3, pathStyle: true });
  });

  test('that are not all there are told which are missing', () => {
    expect(outcome({ provider: 'R2', r2AccessKey: 'AK', r2Bucket: '' })).toEqual({
      code: 'MISSING_R2_CREDENTIALS',
      message: expect.stringMatching(/^r2SecretKey, r2AccountId, r2Bucket: missing/),
    });
    for (const [whole, code] of [
      [R2, 'MISSING_R2_CREDENTIALS'],
      [S3, 'MISSING_S3_CREDENTIALS'],
    ] as const)
      for (const field of CREDENTIAL_FIELDS.filter((name) => name in whole)) {
        const { [field]: _, ...rest } = whole as Record<string, string>;
        expect(outcome(rest)).toEqual({ code, message: `${field}: missing from the request.` });
      }
  });

  test('without a provider, or of two, are refused', () => {
    const { provider: _, ...rest } = R2;
    expect(outcome(rest)).toMatchObject({ code: 'INVALID_PROVIDER' });
    expect(outcome({ ...R2, s3Region: 'eu-west-1', s3Bucket: '' })).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/^s3Bucket, s3Region: not for/),
    });
    expect(outcome({ ...S3, r2AccountId: ACCOUNT })).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  const NASTY: [object, string, string[]][] = [
    [
      R2,
      'r2AccountId',
      [
        'evil.example/',
        `${ACCOUNT}.evil.example#`,
        `${ACCOUNT}\n`,
        ACCOUNT.toUpperCase(),
        '127.0.0.1',
        `${ACCOUNT}a`,
        `u:p@${ACCOUNT}`,
        '０'.repeat(32),
      ],
    ],
    [
      S3,
      's3Region',
      [
        'eu-west-1.evil.example',
        'eu-west-1/',
        'eu-west-1#',
        'x@evil',
        'eu-west-1\n',
        'EU-west-1',
        'eu-west-10',
        '-',
        'cn-',
        'eu--west-1',
        'us-east-1:80',
        'ｅu-west-1',
        `eu-${'x'.repeat(60)}-1`,
      ],
    ],
    [
      S3,
      's3Bucket',
      [
        'ab',
        'a'.repeat(64),
        '../x',
        '..',
        'a/b',
        'a?b',
        'a#b',
        '-ab',
        'ab-',
        '.ab',
        'Abc',
        'a b',
        'a%2fb',
        'abc\n',
        'a_b',
        'a\\b',
        '@evil',
      ],
    ],
    [R2, 'r2Bucket', ['ab', 'films/../../x', 'films?x', 'films\r\n']],
    [R2, 'r2AccessKey', ['a b', 'a\n', 'a\r\nhost: evil', 'ä', '\0', 'x'.repeat(257)]],
    [S3, 's3SecretKey', ['a b', 'a\t', '\u{1f600}', 'x'.repeat(257)]],
  ];
  for (const [whole, field, values] of NASTY)
    test(`with a nasty ${field} are refused in a sentence that names the field and shows nothing`, () => {
      for (const value of values) {
        const told = outcome({ ...whole, [field]: value });
        expect([value, told]).toEqual([
          value,
          { code: 'INVALID_REQUEST', message: expect.stringContaining(`${field} must be `) },
        ]);
        expect(JSON.stringify(told)).not.toContain('hunter2');
      }
    });

  test('whatever they are, never lead elsewhere', () => {
    const pieces = fc.constantFrom(
      ACCOUNT,
      'films',
      'eu-west-1',
      'cn-north-1',
      'evil.example',
      '169.254.169.254',
      '/',
      '#',
      '?',
      '@',
      ':',
      '%',
      '\\',
      '.',
      '..',
      '-',
      '\n',
      '\t',
      ' ',
      '\0',
      'A',
      'ß',
    );
    const nasty = fc.oneof(
      fc.array(pieces, { minLength: 1, maxLength: 4 }).map((words) => words.join('')),
      fc.string({ unit: 'binary', maxLength: 70 }),
      fc.stringMatching(/^[a-z0-9.-]{3,63}$/),
      fc.stringMatching(/^[0-9a-f]{32}$/),
      fc.stringMatching(/^[a-z]{2}(-[a-z]+)+-\d$/),
    );
    let led = 0;
    const some = { requiredKeys: [] };
    const r2 = fc.record({ r2AccessKey: nasty, r2SecretKey: nasty, r2AccountId: nasty, r2Bucket: nasty }, some);
    const s3 = fc.record({ s3AccessKey: nasty, s3SecretKey: nasty, s3Bucket: nasty, s3Region: nasty }, some);
    fc.assert(
      fc.property(fc.constantFrom(R2, S3), r2, s3, fc.boolean(), (whole, ours, theirs, mixed) => {
        const own = whole === R2 ? ours : theirs;
        const told = outcome({ ...whole, ...own, ...(mixed && { ...ours, ...theirs }) });
        if ('url' in told) {
          led++;
          expect(told.url).toMatch(LAWFUL);
          expect(new URL(told.url).href).toBe(told.url);
        } else expect(told.code).toMatch(/^(INVALID_REQUEST|MISSING_(R2|S3)_CREDENTIALS)$/);
      }),
      { numRuns: 1500 },
    );
    for (const [whole, field] of [
      [R2, 'r2AccountId'],
      [R2, 'r2Bucket'],
      [S3, 's3Region'],
      [S3, 's3Bucket'],
    ] as const)
      fc.assert(
        fc.property(nasty, (value) => {
          const told = outcome({ ...whole, [field]: value });
          if (!('url' in told)) return;
          led++;
          expect(told.url).toMatch(LAWFUL);
        }),
        { numRuns: 500 },
      );
    // Some did get through, or it would prove nothing.
    expect(led).toBeGreaterThan(100);
  });
});
