import { expect, test } from 'bun:test';
import type { Answer } from '../../server/bucket/answer.ts';
import type { StoreConfig } from '../../server/config/config.ts';
import { PROFILES } from '../../server/contract/profiles.ts';
import { cors, rules, SINGLE_HEADERS } from '../../server/doctor/cors.ts';
import { quoted, told } from '../../server/doctor/finding.ts';
import { lifecycle } from '../../server/doctor/lifecycle.ts';
import { permission } from '../../server/doctor/permissions.ts';
import { text } from '../../server/doctor/report.ts';
import type { Subject } from '../../server/doctor/subject.ts';

const PAGE = 'https://app.example.com';
const ACCOUNT = '0123456789abcdef0123456789abcdef';

const store: StoreConfig = {
  provider: 'S3',
  endpoint: 'https://s3.eu-central-1.amazonaws.com',
  region: 'eu-central-1',
  bucket: 'photos',
  accessKey: 'a',
  secretKey: 'b',
  sessionToken: undefined,
  pathStyle: false,
  profile: PROFILES.S3,
};
const r2: StoreConfig = {
  ...store,
  provider: 'R2',
  endpoint: `https://${ACCOUNT}.r2.cloudflarestorage.com`,
  region: 'auto',
  profile: PROFILES.R2,
};
const subject = (store: StoreConfig, keyPrefix = 'multipart/'): Subject => ({
  store,
  keyPrefix,
  origins: [PAGE],
  partDigest: true,
  embedded: false,
});
const answer = (status: number, code?: string, headers: Record<string, string> = {}): Answer => ({
  status,
  code,
  headers,
  at: 0,
});
const refused = answer(403, 'AccessDenied');

test('the CORS rule is for the command line of AWS, and for the form of R2', () => {
  const [amazon] = rules(subject(store)).paste!;
  expect(amazon!.text).toStartWith('aws s3api put-bucket-cors --bucket photos --cors-configuration \'{"CORSRules":[{');
  const [cloudflare] = rules(subject(r2)).paste!;
  expect(cloudflare!.where).toStartWith('R2 >');
  const [rule] = JSON.parse(cloudflare!.text);
  // R2 takes no asterisk for headers.
  expect(rule).toMatchObject({ AllowedOrigins: [PAGE], AllowedHeaders: SINGLE_HEADERS });
  expect(SINGLE_HEADERS).toContain('x-amz-meta-original-filename');
  expect(cloudflare!.text).not.toContain('*');
});

test('the policy covers the prefix alone, and for R2 one bucket', () => {
  const iam = permission(subject(store, 'a*b/'), 'DeleteObject', refused).cure!.paste![0]!.text;
  expect(JSON.parse(iam).Statement[0].Resource).toBe('arn:aws:s3:::photos/a$' + '{*}b/*');
  const token = permission(subject(r2), 'DeleteObject', refused).cure!.paste![0]!.text;
  expect(JSON.parse(token).policies[0].resources).toEqual({
    [`com.cloudflare.edge.r2.bucket.${ACCOUNT}_default_photos`]: '*',
  });
});

test('a page behind https and a store behind http: no CORS rule helps', () => {
  const plain = subject({ ...store, endpoint: 'http://minio.example.com:9000', profile: PROFILES.generic });
  const open = {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'PUT',
    'access-control-allow-headers': '*',
  };
  const preflight = answer(200, undefined, open);
  expect(cors(plain, { origin: PAGE, preflight })[0]).toMatchObject({
    level: 'fault',
    says: expect.stringContaining('behind https'),
  });
  const local = subject({ ...plain.store, endpoint: 'http://127.0.0.1:9000' });
  expect(cors(local, { origin: PAGE, preflight })[0]).toMatchObject({ level: 'ok' });
});

test('an answer that names another origin, or leaves out the method, opens nothing', () => {
  const open = {
    'access-control-allow-origin': PAGE,
    'access-control-allow-methods': 'GET, PUT',
    'access-control-allow-headers': 'Content-MD5',
  };
  const level = (change: Record<string, string>) =>
    cors(subject(store), { origin: PAGE, preflight: answer(204, undefined, { ...open, ...change }) })[0]!.level;
  expect(level({})).toBe('ok');
  expect(level({ 'access-control-allow-origin': 'https://other.example.com' })).toBe('fault');
  expect(level({ 'access-control-allow-methods': 'GET' })).toBe('fault');
  expect(level({ 'access-control-allow-headers': 'content-type' })).toBe('fault');
});

test('R2 ends uploads after 7 days, where sessions live 6.5: no fault', () => {
  const rule = { id: 'Default Multipart Abort Rule', enabled: true, prefix: '', abortDays: 7, expireDays: undefined };
  expect(lifecycle(subject(r2), { ...answer(200), result: [rule] })[0]).toMatchObject({ level: 'ok' });
  expect(lifecycle(subject(r2), { ...answer(200), result: [{ ...rule, abortDays: 6 }] })[0]).toMatchObject({
    level: 'fault',
  });
});

test('what a store says cannot write to the terminal or end a quotation', () => {
  expect(told(answer(400, '\u001b[2JNo\nsuch'))).toBe('400 2JNosuch');
  expect(quoted(`it's`)).toBe(`'it'\\''s'`);
});

test('a cure that is told once is not told again', () => {
  const cure = { todo: 'Do this.', paste: [{ where: 'a shell', text: 'one\ntwo' }] };
  const fault = (says: string) => ({ level: 'fault' as const, check: 'cors', says, cure });
  const printed = text([{ about: 'Bucket', findings: [fault('First.'), fault('Second.')] }]);
  expect(printed.match(/Do this\./g)).toHaveLength(1);
  expect(printed).toContain('FAULT  cors        Second.\n         Cure: as above');
  expect(printed).toEndWith('\n0 ok, 0 notes, 2 faults\n');
  expect(text([{ about: 'Bucket', findings: [fault('First.')] }])).toEndWith('\n0 ok, 0 notes, 1 fault\n');
});
