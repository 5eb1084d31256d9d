import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { patternOf, secretsIn } from '../../server/log/hidden.ts';
import { createLog } from '../../server/log/log.ts';
import { redact } from '../../server/log/redact.ts';

const said = (value: unknown, hidden?: RegExp) => JSON.stringify(redact(value, hidden)) ?? '';

/** What must never be printed, in the text that it comes in. */
const CANARIES: Record<string, [canary: string, text?: (canary: string) => string]> = {
  'a resume token': ['mpu_q7Zk-3_x9AbCdEf'],
  'an API key': ['mpk_annas'],
  'a grant': ['mpg_0123456789-_'],
  'a webhook secret': ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw+/=='],
  'a JWT': ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1g'],
  'an encrypted JWT': ['eyJhbGciOiJkaXIifQ..48V1_ALb6US04U3b.5eym8TW_c8SuK0lt.XFBoMYUZodetZdvTiFvSkQ'],
  'a signature': [
    'aeeed9bbccd4d02ee5c0109b86d86835f995330d',
    (c) => `https://b.s3/k?X-Amz-Signature=${c}&x-id=PutObject`,
  ],
  'an encoded signature': [
    'f0e8bdb87c964420e857bd35b5d6ed310bd4',
    (c) => `?to=https%3A%2F%2Fb%2Fk%3FX-Amz-Signature%3D${c}`,
  ],
  'a credential': ['AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request', (c) => `?X-Amz-Credential=${c}&a=b`],
  'a session token': ['IQoJb3JpZ2luX2VjEPT%2F%2F', (c) => `https://b/k?X-Amz-Security-Token=${c}`],
  'an Authorization header': ['c2VjcmV0LXRoaW5n', (c) => `GET / HTTP/1.1\r\nAuthorization: Basic ${c}\r\n`],
  'a signed header': ['34b48302e7b5fa45bde8084f4b7868a86f0a', (c) => `AWS4-HMAC-SHA256 Credential=A/b, Signature=${c}`],
  'a bearer': ['0123456789abcdef', (c) => `refused Bearer ${c}!`],
  'the password of an address': ['hunter2:@x', (c) => `connect postgres://me:${c}@db.internal:5432/x failed`],
  'JSON in a text': ['hunter22', (c) => `{"password":"${c}"}`],
};

/** The places of a log line that somebody may drop a value into. */
const PLACES: Record<string, (text: string) => unknown> = {
  itself: (text) => text,
  'a field': (text) => ({ cause: text }),
  'a nested field': (text) => ({ a: [{ b: { c: [1, text] } }] }),
  'the name of a field': (text) => ({ [text]: 1 }),
  'an error': (text) => new Error(text),
  'the cause of a cause': (text) => ({ error: new Error('a', { cause: new TypeError('b', { cause: text }) }) }),
  'one of several errors': (text) => new AggregateError([new Error('a'), new Error(text)], 'all failed'),
  'an error’s code': (text) => Object.assign(new Error('a'), { code: text }),
  'a map': (text) => new Map([['a', new Set([text])]]),
  'a JSON of its own': (text) => ({ toJSON: () => ({ text }) }),
};

describe('a planted canary is never printed:', () => {
  for (const [what, [canary, text = String]] of Object.entries(CANARIES))
    test(what, () => {
      for (const [place, put] of Object.entries(PLACES)) {
        expect([place, said(put(text(canary)))]).toEqual([place, expect.not.stringContaining(canary)]);
        // The check itself catches one that is not taken out.
        expect(said(put('mild'))).toContain('mild');
      }
    });

  test('whatever stands around it', () => {
    const kinds = fc.constantFrom(...Object.values(CANARIES));
    fc.assert(
      fc.property(
        kinds,
        fc.string(),
        fc.string(),
        fc.constantFrom(...Object.values(PLACES)),
        ([canary, text = String], a, b, put) => {
          expect(said(put(`${a} ${text(canary)} ${b}`))).not.toContain(canary);
        },
      ),
    );
  });

  test('the value of a field that is named for a secret', () => {
    for (const name of [
      'authorization',
      'Proxy-Authorization',
      'x-api-key',
      'apiKey',
      'cookie',
      'set-cookie',
      'password',
      'PARTWAY_SECRET',
      'secretKey',
      'resumeToken',
      'x-resume-token',
      'credentials',
    ])
      for (const value of ['Kx81', ['Kx81'], { a: 'Kx81' }])
        expect([name, said({ headers: { [name]: value } })]).toEqual([name, expect.not.stringContaining('Kx81')]);
    expect(said({ headers: new Headers({ authorization: 'Kx81' }) })).not.toContain('Kx81');
  });

  test('a secret of the configuration, whatever it looks like and however it is written', () => {
    const secret = fc.string({ minLength: 8, unit: 'grapheme' }).filter((text) => text.trim() === text);
    fc.assert(
      fc.property(secret, fc.string(), fc.constantFrom(...Object.values(PLACES)), (canary, around, put) => {
        const hidden = patternOf([canary]);
        const forms = [canary, encodeURIComponent(canary), JSON.stringify(canary)];
        for (const form of forms) {
          const line = said(put(`${around}${form}${around}`), hidden);
          if (!`${JSON.stringify(around)}[redacted]`.includes(canary)) expect(line).not.toContain(canary);
        }
      }),
    );
  });
});

test('what is not secret stays as it is', () => {
  const line = {
    event: 'failed',
    call: 'complete',
    status: 503,
    ms: 12.5,
    requestId: 'a1b2-C3_d4.e5',
    userId: 'anna@example.com',
    path: '/api/v1/upload/multipart/complete',
    message: 'connect ECONNREFUSED 127.0.0.1:5432',
    cause: 'The store answered SignatureDoesNotMatch.',
    address: 'https://bucket.example.com:9000/uploads/multipart/key?partNumber=3',
    at: '2026-01-02T03:04:05.678Z',
    nothing: null,
    list: [1, true],
  };
  expect(redact(line)).toEqual(line);
  expect(redact(line, patternOf(['a', 'complet']))).toEqual(line);
});

test('redacting twice changes nothing more', () => {
  for (const [canary, text = String] of Object.values(CANARIES)) {
    const once = redact(text(canary));
    expect(redact(once)).toEqual(once);
  }
});

test('values that are no JSON make a line all the same', () => {
  const loop: Record<string, unknown> = { big: 10n, at: new Date(0), bytes: new Uint8Array(3), none: undefined };
  loop.self = loop;
  Object.defineProperty(loop, 'trap', {
    enumerable: true,
    get: () => ({
      toJSON: () => {
        throw new Error('no');
      },
    }),
  });
  expect(JSON.parse(said(loop))).toEqual({
    big: '10',
    at: '1970-01-01T00:00:00.000Z',
    bytes: '[3 bytes]',
    self: '[more]',
    trap: '[unreadable]',
  });
  const error = new Error('round');
  error.cause = error;
  expect(said(error)).toContain('round');
});

test('the secrets of a configuration are found by name and in its addresses', () => {
  const config = {
    secret: 'the-hmac-key',
    databaseUrl: 'postgres://me:p%40ss@db/x',
    stores: [{ accessKey: 'AKIA', secretKey: 'the-store-key', sessionToken: undefined, bucket: 'photos' }],
    webhook: { url: 'https://app/hook', secrets: [Buffer.from('bytes')] },
  };
  const found = secretsIn(config);
  for (const secret of ['the-hmac-key', 'p%40ss', 'p@ss', 'the-store-key', Buffer.from('bytes').toString('base64')])
    expect(found).toContain(secret);
  for (const open of ['AKIA', 'photos', 'https://app/hook']) expect(found).not.toContain(open);
});

test('the log tells all requests, or only those that failed, and never a secret it was told of', () => {
  const lines = (level: 'info' | 'error') => {
    const written: string[] = [];
    const { log, hide } = createLog(level, (event, fields) => written.push(`${event} ${JSON.stringify(fields)}`));
    hide({ secretKey: 'known to the server' });
    log('request', { status: 200, path: '/known to the server' });
    log('request', { status: 503 });
    log('failed', { message: 'known to the server' });
    return written;
  };
  const hidden = 'request {"status":200,"path":"/[redacted]"}';
  const failed = ['request {"status":503}', 'failed {"message":"[redacted]"}'];
  expect(lines('info')).toEqual([hidden, ...failed]);
  expect(lines('error')).toEqual(failed);
});
