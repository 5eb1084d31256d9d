import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { parseSecrets, signatureHeaders } from '../../server/webhook/signature.ts';

const secretOf = (bytes: Uint8Array) => `whsec_${Buffer.from(bytes).toString('base64')}`;
const key = fc.uint8Array({ minLength: 24, maxLength: 64 });

describe('a webhook’s signature', () => {
  test('is good for whoever has any of the secrets, whatever the words, and for nobody else', () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 3 }), key, fc.uuid(), fc.json(), (keys, other, id, body) => {
        fc.pre(!keys.some((one) => Buffer.compare(one, other) === 0));
        const parsed = parseSecrets(keys.map(secretOf).join(' '))!;
        const headers = signatureHeaders(parsed, id, new Date(), body);
        for (const one of keys) expect(new Webhook(secretOf(one)).verify(body, headers)).toEqual(JSON.parse(body));
        expect(() => new Webhook(secretOf(other)).verify(body, headers)).toThrow();
        expect(() => new Webhook(secretOf(keys[0]!)).verify(body, { ...headers, 'webhook-id': `${id}0` })).toThrow();
      }),
    );
  });

  test('is the one of the specification’s own example', () => {
    const [secret] = parseSecrets('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')!;
    const body = '{"test": 2432232314}';
    const headers = signatureHeaders([secret!], 'msg_p5jXN8AQM9LWM0D4loKWxJek', new Date(1614265330_000), body);
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });
});

test('what is no secret is told from one', () => {
  const good = secretOf(new Uint8Array(24).fill(250));
  expect(parseSecrets(good)).toHaveLength(1);
  const wrong = [
    '',
    'x',
    good.slice(6),
    good.replace('whsec', 'WHSEC'),
    `${good}=`,
    `${good} x`,
    `whsec_${'+_'.repeat(20)}`,
  ];
  for (const text of [...wrong, secretOf(new Uint8Array(23)), secretOf(new Uint8Array(65)), 'whsec_'])
    expect([text, parseSecrets(text)]).toEqual([text, text === `${good}=` ? expect.anything() : undefined]);
});
