/** Lifecycle rules are the operator's: read, and never changed where there are any. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import { type Clinic, canaryStore, doctor, openClinic, type Patient } from './clinic.ts';

setDefaultTimeout(180_000);

let clinic: Clinic;
beforeAll(async () => {
  clinic = await openClinic(await canaryStore());
});
afterAll(() => clinic?.stop());

async function withRule(rule: Partial<LifecycleRule>): Promise<Patient> {
  const patient = await clinic.admit();
  const Rules: LifecycleRule[] = [{ ID: 'theirs', Status: 'Enabled', Filter: { Prefix: '' }, ...rule }];
  const LifecycleConfiguration = { Rules };
  await patient.store.s3.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: patient.bucket, LifecycleConfiguration }),
  );
  return patient;
}

const rulesOf = async ({ store, bucket }: Patient) =>
  (await store.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))).Rules?.map(({ ID }) => ID);

const abortAfter = (DaysAfterInitiation: number) => ({ AbortIncompleteMultipartUpload: { DaysAfterInitiation } });
const lifecycle = (lines: string[]) => lines.filter((line) => line.includes(' lifecycle: '));

test('a rule that aborts before a session ends: a fault, with a longer one to paste, and it stays', async () => {
  const patient = await withRule(abortAfter(1));
  const { code, faults, output } = await doctor(patient.env, { args: ['--try-lifecycle'] });
  expect(faults).toEqual([
    'FAULT lifecycle: The rule "theirs" aborts uploads after 1 day, but a session lives 7 days: a slow or paused upload loses its parts.',
  ]);
  const [rule] = JSON.parse(/--lifecycle-configuration '(.*)'/.exec(output)![1]!).Rules;
  expect(rule).toMatchObject({ Filter: { Prefix: 'files/' }, ...abortAfter(8) });
  expect(code).toBe(1);
  expect(await rulesOf(patient)).toEqual(['theirs']);
});

test('rules that do no harm are no fault', async () => {
  for (const [rule, line] of [
    [abortAfter(8), /^ok lifecycle: The rule "theirs" aborts uploads after 8 days/],
    [{ ...abortAfter(1), Filter: { Prefix: 'elsewhere/' } }, /^ok lifecycle: No rule touches files\/\*/],
    [{ ...abortAfter(1), Status: 'Disabled' }, /^ok lifecycle: No rule touches/],
    [{ Expiration: { Days: 30 } }, /^note lifecycle: The rule "theirs" deletes finished objects .* 30 days/],
  ] as [Partial<LifecycleRule>, RegExp][]) {
    const patient = await withRule(rule);
    const { code, lines } = await doctor(patient.env, { args: ['--try-lifecycle'] });
    expect(lifecycle(lines)).toEqual([expect.stringMatching(line)]);
    expect(code).toBe(0);
    expect(await rulesOf(patient)).toEqual(['theirs']);
  }
});

test('only with --try-lifecycle is a rule tried, and it is gone afterwards', async () => {
  const patient = await clinic.admit();
  const { wire, env } = await patient.wired();
  const written = () => wire.requests.filter(({ method, query }) => method !== 'GET' && query.startsWith('lifecycle'));
  await doctor(env);
  expect(written()).toEqual([]);
  const { code, lines } = await doctor(env, { args: ['--try-lifecycle'] });
  expect(written().map(({ method }) => method)).toEqual(['PUT', 'DELETE']);
  expect(lifecycle(lines)[1]).toStartWith('ok lifecycle: The store keeps a rule');
  expect(code).toBe(0);
  await expect(rulesOf(patient)).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' });
});

test('a store that says yes and drops the rule: a note', async () => {
  const patient = await clinic.admit();
  const { wire, env } = await patient.wired();
  wire.answer(({ method, query }) => method === 'PUT' && query.startsWith('lifecycle'), { status: 200 });
  const { code, lines } = await doctor(env, { args: ['--try-lifecycle'] });
  expect(lifecycle(lines)[1]).toMatch(/^note lifecycle: .* drops it/);
  expect(code).toBe(0);
});

test('rules that may not be read: a note', async () => {
  const patient = await clinic.admit();
  const { wire, env } = await patient.wired();
  wire.answer(({ query }) => query.startsWith('lifecycle'), {
    status: 403,
    body: '<Error><Code>AccessDenied</Code></Error>',
  });
  const { code, lines } = await doctor(env, { args: ['--try-lifecycle'] });
  expect(lifecycle(lines)).toEqual([expect.stringMatching(/^note lifecycle: .*s3:GetLifecycleConfiguration/)]);
  expect(wire.requests.filter(({ method, query }) => method === 'PUT' && query.startsWith('lifecycle'))).toEqual([]);
  expect(code).toBe(0);
});
