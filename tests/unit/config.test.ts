import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../server/config/config.ts';
import { StartError } from '../../server/fault.ts';

const folder = mkdtempSync(join(tmpdir(), 'partway-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = 'x'.repeat(32);
const S3 = { S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b', S3_BUCKET: 'c' };
const RIGHT = { DATABASE_URL: 'postgres://localhost/x', PARTWAY_SECRET: SECRET, DATA_DIR: folder, ...S3 };

/** The lines of the refusal; none where it is taken. */
function faults(env: Record<string, string>, argv: string[] = []): string[] {
  try {
    readConfig(env, argv);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    return (error as Error).message.split('\n');
  }
}

describe('a configuration', () => {
  test('that is right is taken with its defaults', () => {
    expect(readConfig(RIGHT, [])).toMatchObject({
      dev: false,
      host: '0.0.0.0',
      port: 8787,
      keyPrefix: 'multipart/',
      partDigest: true,
      allowedOrigins: [],
      secret: SECRET,
      stores: [
        { provider: 'S3', endpoint: 'https://s3.us-east-1.amazonaws.com', pathStyle: false, profile: { name: 'S3' } },
      ],
    });
    expect(readConfig({ DATA_DIR: folder }, ['--dev'])).toMatchObject({ dev: true, host: '127.0.0.1', stores: [] });
  });

  test('knows Amazon’s own addresses from all others, and names that need the path', () => {
    const store = (env: object) => readConfig({ ...RIGHT, ...env }, []).stores[0]!;
    expect(store({ S3_ENDPOINT: 'https://s3.cn-north-1.amazonaws.com.cn' }).profile.name).toBe('S3');
    expect(store({ S3_ENDPOINT: 'https://amazonaws.com.evil.example' }).profile.name).toBe('generic');
    expect(store({ S3_ENDPOINT: 'http://minio:9000/' })).toMatchObject({
      endpoint: 'http://minio:9000',
      pathStyle: true,
      profile: { name: 'generic' },
    });
    expect(store({ S3_BUCKET: 'with.dot' }).pathStyle).toBe(true);
    expect(store({ S3_ENDPOINT: 'http://minio:9000', S3_PROFILE: 'R2' }).profile.name).toBe('R2');
  });

  test('with both buckets has both', () => {
    const R2 = { R2_ACCESS_KEY: 'a', R2_SECRET_KEY: 'b', R2_ACCOUNT_ID: 'acc', R2_BUCKET: 'c' };
    const { stores } = readConfig({ ...RIGHT, ...R2, DEFAULT_PROVIDER: 'R2' }, []);
    expect(stores.map(({ provider, endpoint, region }) => [provider, endpoint, region])).toEqual([
      ['S3', 'https://s3.us-east-1.amazonaws.com', 'us-east-1'],
      ['R2', 'https://acc.r2.cloudflarestorage.com', 'auto'],
    ]);
  });

  test('that lacks something is told what, one line each, all at once', () => {
    const lines = faults({ DATA_DIR: folder, PORT: 'x', S3_BUCKET: 'c' });
    for (const name of ['PORT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY', 'DATABASE_URL', 'PARTWAY_SECRET'])
      expect(lines.filter((line) => line.startsWith(name))).toHaveLength(1);
  });

  test('that is wrong never shows what may be secret', () => {
    const wrong = {
      DATABASE_URL: 'psql://me:hunter2@x',
      PARTWAY_SECRET: 'hunter2',
      PUBLIC_BASE_URL: 'ftp://u:hunter2@x',
      S3_ENDPOINT: 'x://hunter2',
    };
    const lines = faults({ ...RIGHT, ...wrong });
    expect(lines).toHaveLength(4);
    expect(lines.join('\n')).not.toContain('hunter2');
  });

  test('ports are whole numbers that there are', () => {
    for (const port of ['0', '1', '65535']) expect(faults({ ...RIGHT, PORT: port })).toEqual([]);
    for (const port of ['65536', '-1', '1e3', '0x50', '80 81', '٨٠'])
      expect(faults({ ...RIGHT, PORT: port })).toHaveLength(1);
  });
});

describe('the secret', () => {
  test('may have predecessors, with blanks between, none of them short', () => {
    expect(readConfig(RIGHT, []).previousSecrets).toEqual([]);
    const [one, two] = ['y'.repeat(32), 'z'.repeat(40)];
    expect(readConfig({ ...RIGHT, PARTWAY_SECRET_PREVIOUS: ` ${one}  ${two}\n` }, []).previousSecrets).toEqual([
      one,
      two,
    ]);
    const lines = faults({ ...RIGHT, PARTWAY_SECRET_PREVIOUS: `${one} hunter2` });
    expect(lines).toEqual([expect.stringMatching(/^PARTWAY_SECRET_PREVIOUS must be .* 32 characters/)]);
    expect(lines[0]).not.toContain('hunter2');
  });
});

test('requests bring no credentials unless that is said in so many words', () => {
  const allowed = (value: string) => readConfig({ ...RIGHT, ALLOW_REQUEST_CREDENTIALS: value }, []).requestCredentials;
  expect([readConfig(RIGHT, []).requestCredentials, allowed(''), allowed('false'), allowed('true')]).toEqual([
    false,
    false,
    false,
    true,
  ]);
  for (const value of ['1', 'yes', 'TRUE'])
    expect(faults({ ...RIGHT, ALLOW_REQUEST_CREDENTIALS: value })).toHaveLength(1);
});

describe('a webhook', () => {
  const key = (length: number) => `whsec_${Buffer.alloc(length, 5).toString('base64')}`;
  const HOOK = { WEBHOOK_URL: 'https://app.example.com/hooks/?a=b', WEBHOOK_SECRET: key(32) };

  test('has an address, kept to the letter, and one secret or several', () => {
    expect(readConfig(RIGHT, []).webhook).toBeUndefined();
    const { webhook } = readConfig({ ...RIGHT, ...HOOK, WEBHOOK_SECRET: ` ${key(24)}  ${key(64)}\n` }, []);
    expect(webhook!.url).toBe('https://app.example.com/hooks/?a=b');
    expect(webhook!.secrets.map((secret) => secret.length)).toEqual([24, 64]);
  });

  const WRONG: [Record<string, string>, RegExp][] = [
    [{ WEBHOOK_URL: HOOK.WEBHOOK_URL }, /^WEBHOOK_SECRET is missing/],
    [{ WEBHOOK_SECRET: HOOK.WEBHOOK_SECRET }, /^WEBHOOK_URL is missing/],
    [{ ...HOOK, WEBHOOK_URL: 'app.example.com/hook' }, /^WEBHOOK_URL must be an address/],
    [{ ...HOOK, WEBHOOK_URL: 'ftp://app.example.com/hook' }, /^WEBHOOK_URL must be an address/],
    [{ ...HOOK, WEBHOOK_URL: 'https://me:hunter2@app.example.com' }, /^WEBHOOK_URL .* no user or password/],
    [{ ...HOOK, WEBHOOK_SECRET: 'hunter2' }, /^WEBHOOK_SECRET must be/],
    [{ ...HOOK, WEBHOOK_SECRET: `${key(32)},${key(32)}` }, /^WEBHOOK_SECRET must be/],
    [{ ...HOOK, WEBHOOK_SECRET: `${key(32)} ${key(23)}` }, /^WEBHOOK_SECRET must be/],
    [{ ...HOOK, WEBHOOK_SECRET: key(65) }, /^WEBHOOK_SECRET must be/],
  ];
  for (const [env, words] of WRONG)
    test(`as ${JSON.stringify(env).slice(0, 90)} is refused in one sentence that shows no secret`, () => {
      const lines = faults({ ...RIGHT, ...env });
      expect(lines).toEqual([expect.stringMatching(words)]);
      expect(lines[0]).not.toMatch(/hunter2|BQUF/);
    });
});

describe('tokens of another issuer', () => {
  const JWT_SECRET = 'hunter2'.repeat(5);
  const JWKS_URL = 'https://id.example.com/jwks.json?x=y';

  test('are taken by a secret or by published keys, and by neither where nothing is said', () => {
    const identity = (env: object) => readConfig({ ...RIGHT, ...env }, []).identity;
    expect(identity({})).toBeUndefined();
    expect(identity({ JWT_SECRET })).toEqual({ keys: { secret: JWT_SECRET }, issuer: undefined, audience: undefined });
    expect(identity({ JWKS_URL, JWT_ISSUER: 'a', JWT_AUDIENCE: 'b' })).toEqual({
      keys: { jwksUrl: JWKS_URL },
      issuer: 'a',
      audience: 'b',
    });
    for (const host of ['localhost', '127.0.0.1', '[::1]'])
      expect(identity({ JWKS_URL: `http://${host}:9/x` })!.keys).toEqual({ jwksUrl: `http://${host}:9/x` });
  });

  const WRONG: [Record<string, string>, RegExp][] = [
    [{ JWT_SECRET, JWKS_URL }, /^JWT_SECRET and JWKS_URL are both set/],
    [{ JWT_SECRET: JWT_SECRET.slice(0, 31) }, /^JWT_SECRET is too short/],
    [{ JWT_ISSUER: 'a' }, /^JWT_ISSUER is set, but/],
    [{ JWT_AUDIENCE: 'a' }, /^JWT_AUDIENCE is set, but/],
    [{ JWKS_URL: 'http://id.example.com/jwks' }, /^JWKS_URL must be an address that begins with https/],
    [{ JWKS_URL: 'http://localhost.example.com/jwks' }, /^JWKS_URL must be/],
    [{ JWKS_URL: 'http://127.0.0.1.example.com/jwks' }, /^JWKS_URL must be/],
    [{ JWKS_URL: 'https://me:hunter2@id.example.com' }, /^JWKS_URL .* no user or password/],
    [{ JWKS_URL: 'id.example.com/jwks' }, /^JWKS_URL must be/],
    [{ JWKS_URL: 'file:///etc/keys', JWT_ISSUER: 'a' }, /^JWKS_URL must be/],
  ];
  for (const [env, words] of WRONG)
    test(`as ${JSON.stringify(env).slice(0, 90)} are refused in one sentence that shows no secret`, () => {
      const lines = faults({ ...RIGHT, ...env });
      expect(lines).toEqual([expect.stringMatching(words)]);
      expect(lines[0]).not.toContain('hunter2');
    });
});

describe('the rate of requests', () => {
  const rates = (env: object, argv: string[] = []) => readConfig({ ...RIGHT, ...env }, argv).rates;

  test('is limited by itself, and with --dev where that is asked for', () => {
    expect(rates({})).toMatchObject({ credential: 1200, address: 6000 });
    expect(rates({}, ['--dev'])).toMatchObject({ credential: 0, address: 0 });
    expect(rates({ RATE_LIMIT: '0', RATE_LIMIT_ADDRESS: '5' }, ['--dev'])).toMatchObject({ credential: 0, address: 5 });
    for (const wrong of ['-1', '1.5', 'many']) expect(faults({ ...RIGHT, RATE_LIMIT: wrong })).toHaveLength(1);
  });

  test('knows the proxies that are believed: this machine, or those that are named', () => {
    const prefixes = (env: object) => rates(env).trustedProxies.map(({ bits, prefix }) => [bits, prefix]);
    const here = [
      [32, 8],
      [128, 128],
    ];
    expect(prefixes({})).toEqual(here);
    expect(prefixes({ TRUSTED_PROXY: '10.0.0.0/8, fd00::/8,192.0.2.1,' })).toEqual([
      [32, 8],
      [128, 8],
      [32, 32],
    ]);
    expect(prefixes({ TRUSTED_PROXY: '192.0.2.1, loopback' })).toEqual([[32, 32], ...here]);
    expect(faults({ ...RIGHT, TRUSTED_PROXY: '10.0.0.0/8, proxy, 10.0.0.0/64' })).toEqual([
      expect.stringMatching(/^TRUSTED_PROXY .*"proxy"/),
      expect.stringMatching(/^TRUSTED_PROXY .*"10.0.0.0\/64"/),
    ]);
  });
});

describe('the secret of --dev', () => {
  test('is made once, kept from others, and the same ever after', () => {
    const { secret } = readConfig({ DATA_DIR: folder }, ['--dev']);
    expect(secret.length).toBeGreaterThanOrEqual(32);
    expect(readConfig({ DATA_DIR: folder }, ['--dev']).secret).toBe(secret);
    expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe(secret);
  });

  test('is never an empty one, such as a full disk leaves behind', () => {
    const torn = mkdtempSync(join(folder, 'torn-'));
    writeFileSync(join(torn, 'secret'), '');
    const lines = faults({ DATA_DIR: torn }, ['--dev']);
    const secret = lines.length ? SECRET : readConfig({ DATA_DIR: torn }, ['--dev']).secret;
    expect(secret.length).toBeGreaterThanOrEqual(32);
  });
});
