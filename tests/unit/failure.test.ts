import { describe, expect, test } from 'bun:test';
import type { Deps } from '../../server/deps.ts';
import { failure } from '../../server/routes/failure.ts';

const logged: unknown[] = [];
const deps = { log: (_: string, fields: unknown) => logged.push(fields) } as unknown as Deps;
const answerTo = async (error: unknown) => {
  const response = failure(deps, error, 'init');
  return [response.status, ((await response.json()) as { error: string }).error, response.headers.get('retry-after')];
};
const withCode = (code: string) => Object.assign(new Error('x'), { code });

describe('a database that does not answer', () => {
  const codes = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'];
  const drivers = ['ENETUNREACH', 'CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'];
  const servers = ['57P01', '57P03', '08006', '53300'];
  for (const code of [...codes, ...drivers, ...servers])
    test(`with ${code} is told as such, and when to ask again`, async () => {
      expect(await answerTo(withCode(code))).toEqual([503, 'DATABASE_UNAVAILABLE', '5']);
    });

  for (const code of ['40P01', '40001'])
    test(`with ${code} undid what can be asked for again in a second`, async () => {
      expect(await answerTo(withCode(code))).toEqual([503, 'DATABASE_UNAVAILABLE', '1']);
    });

  test('at any of its addresses is told as such', async () => {
    const all = new AggregateError([withCode('ECONNREFUSED'), withCode('ETIMEDOUT')], 'all failed');
    expect(await answerTo(all)).toEqual([503, 'DATABASE_UNAVAILABLE', '5']);
  });
});

test('any other failure is the server’s own, and in its log', async () => {
  for (const error of [withCode('42703'), withCode('ENOENT'), new AggregateError([withCode('ENOENT')]), null, 'x']) {
    logged.length = 0;
    expect(await answerTo(error)).toEqual([500, 'MULTIPART_INIT_FAILED', null]);
    expect(logged).toHaveLength(1);
  }
});
