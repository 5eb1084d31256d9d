/** A bucket that is fine for the server, and closed to the page. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { DeleteBucketCorsCommand, PutBucketCorsCommand } from '@aws-sdk/client-s3';
import { serve } from '../api/serve.ts';
import { type Clinic, canaryStore, doctor, openClinic, PAGE, type Patient } from './clinic.ts';

setDefaultTimeout(180_000);

let clinic: Clinic;
beforeAll(async () => {
  clinic = await openClinic(await canaryStore());
});
afterAll(() => clinic?.stop());

const RULE = {
  AllowedOrigins: [PAGE],
  AllowedMethods: ['PUT', 'GET'],
  AllowedHeaders: ['content-md5', 'content-disposition', 'content-type', 'x-amz-meta-*'],
  ExposeHeaders: ['ETag'],
};

async function withRule(change: Partial<typeof RULE>): Promise<Patient> {
  const patient = await clinic.admit();
  const CORSConfiguration = { CORSRules: [{ ...RULE, ...change }] };
  await patient.store.s3.send(new PutBucketCorsCommand({ Bucket: patient.bucket, CORSConfiguration }));
  return patient;
}

async function withoutRule(): Promise<Patient> {
  const patient = await clinic.admit();
  await patient.store.s3.send(new DeleteBucketCorsCommand({ Bucket: patient.bucket }));
  return patient;
}

const cors = (lines: string[]) => lines.filter((line) => / cors: /.test(line));

for (const [what, make] of [
  ['no rule at all', withoutRule],
  ['a rule for another origin', () => withRule({ AllowedOrigins: ['https://other.example.com'] })],
  ['a rule without PUT', () => withRule({ AllowedMethods: ['GET'] })],
] as const)
  test(`${what}: one fault, with the rule to paste`, async () => {
    const patient = await make();
    const { code, faults, output } = await doctor(patient.env);
    expect(faults).toEqual([
      `FAULT cors: ${PAGE} may not PUT: no CORS rule of the bucket is for it (403 AccessForbidden).`,
    ]);
    const pasted = /--cors-configuration '(.*)'/.exec(output)![1]!;
    expect(JSON.parse(pasted).CORSRules[0]).toEqual({ ...RULE, MaxAgeSeconds: 3600 });
    expect(code).toBe(1);
    expect(await patient.contents()).toEqual([]);
  });

test('what it says to paste is the cure', async () => {
  const patient = await withoutRule();
  const before = await doctor(patient.env);
  expect(before.output).toContain(`--endpoint-url ${clinic.store.endpoint} --bucket ${patient.bucket} `);
  const CORSConfiguration = JSON.parse(/--cors-configuration '(.*)'/.exec(before.output)![1]!);
  await patient.store.s3.send(new PutBucketCorsCommand({ Bucket: patient.bucket, CORSConfiguration }));
  const after = await doctor(patient.env);
  expect([before.code, after.code]).toEqual([1, 0]);
  expect(cors(after.lines).filter((line) => !line.startsWith('ok '))).toEqual([]);
});

test('a rule without the header: the fault names it; without digests it is none', async () => {
  const patient = await withRule({ AllowedHeaders: ['x-other'] });
  const { code, faults } = await doctor(patient.env);
  expect(faults).toEqual([`FAULT cors: ${PAGE} may not PUT: the rule for it does not allow the header content-md5.`]);
  expect(code).toBe(1);
  const unbound = await doctor({ ...patient.env, PART_DIGEST: 'none' });
  expect({ code: unbound.code, faults: unbound.faults }).toEqual({ code: 0, faults: [] });
  expect(unbound.notes).toEqual([
    expect.stringContaining('note digest: PART_DIGEST=none'),
    expect.stringContaining('content-type'),
  ]);
});

test('a rule of before single PUTs: the fault names what it lacks, and its cure', async () => {
  const patient = await withRule({ AllowedHeaders: ['content-md5', 'content-type'] });
  const { code, faults, lines, output } = await doctor(patient.env);
  expect(faults).toEqual([
    `FAULT cors: ${PAGE} may not PUT a file of one part: the rule for it does not allow content-disposition, x-amz-meta-original-filename, x-amz-meta-user-id, x-amz-meta-upload-started.`,
  ]);
  expect(lines).toContain(`ok cors: ${PAGE} may PUT with content-md5 (preflight).`);
  expect(output).toContain('"AllowedHeaders":["content-md5","content-disposition","content-type","x-amz-meta-*"]');
  expect(code).toBe(1);
});

test('a rule without GET or exposed ETag is no fault', async () => {
  const patient = await withRule({ AllowedMethods: ['PUT'], ExposeHeaders: [] });
  const { code, lines, notes } = await doctor(patient.env);
  expect(code).toBe(0);
  expect(notes).toEqual([expect.stringContaining('may not read by fetch')]);
  expect(cors(lines).join()).toContain('its ETag is hidden, and not needed');
});

test('one origin of two: the fault is that one’s, the rule to paste for both', async () => {
  const patient = await clinic.admit();
  const ALLOWED_ORIGINS = `${PAGE},https://other.example.com`;
  const { faults, output, lines } = await doctor({ ...patient.env, ALLOWED_ORIGINS });
  expect(faults).toEqual([expect.stringContaining('https://other.example.com may not PUT')]);
  expect(output).toContain('"AllowedOrigins":["https://app.example.com","https://other.example.com"]');
  expect(lines).toContain(`ok cors: ${PAGE} may GET.`);
});

test('no origin at all: a note', async () => {
  const patient = await clinic.admit();
  const { code, notes } = await doctor({ ...patient.env, ALLOWED_ORIGINS: '' });
  expect(notes).toEqual([expect.stringContaining('note origins: ALLOWED_ORIGINS is empty')]);
  expect(code).toBe(0);
});

test('the embedded bucket of a server that was started without the origin: start it again with it', async () => {
  const server = await serve();
  try {
    const ports = { PORT: String(server.port), BUCKET_PORT: String(server.bucketPort) };
    const env = { ...ports, DATA_DIR: server.dataDir, ALLOWED_ORIGINS: PAGE };
    const { code, faults, output } = await doctor(env, { args: ['--dev'] });
    expect(faults).toEqual([expect.stringContaining(`${PAGE} may not PUT`)]);
    expect(output).toContain(`          ALLOWED_ORIGINS=${PAGE}\n`);
    expect(code).toBe(1);
  } finally {
    await server.stop();
  }
});
