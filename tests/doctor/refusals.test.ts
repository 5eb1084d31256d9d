/** What the store refuses, and what it should have refused: each named, with its cure, and nothing left behind. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Clinic, canaryStore, type DoctorOptions, doctor, openClinic, type Patient } from './clinic.ts';

setDefaultTimeout(180_000);

let clinic: Clinic;
let store: Awaited<ReturnType<typeof canaryStore>>;
beforeAll(async () => {
  store = await canaryStore();
  clinic = await openClinic(store);
});
afterAll(() => clinic?.stop());

type Wired = Awaited<ReturnType<Patient['wired']>>['wire'];

/** A patient whose wire `bend` has bent. */
async function bent(bend: (wire: Wired) => unknown, options: DoctorOptions = {}) {
  const patient = await clinic.admit();
  const { wire, env } = await patient.wired();
  bend(wire);
  return { patient, wire, ...(await doctor(env, options)) };
}

const listsUploads = ({ method, query }: { method: string; query: string }) =>
  method === 'GET' && /(^|&)uploads/.test(query);

const refusal = (status: number, code: string, headers: Record<string, string> = {}) => ({
  status,
  headers: { 'content-type': 'application/xml', ...headers },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`,
});

describe('settings that do not fit', () => {
  for (const [what, change, line, cure] of [
    ['a wrong secret key', { S3_SECRET_KEY: 'not-the-one' }, /403 SignatureDoesNotMatch/, 'S3_SECRET_KEY'],
    ['an unknown access key', { S3_ACCESS_KEY: 'nobody' }, /403 InvalidAccessKeyId/, 'S3_ACCESS_KEY'],
    ['a bucket that does not exist', { S3_BUCKET: 'not-there' }, /no bucket not-there .*404 NoSuchBucket/, 'S3_BUCKET'],
    ['a host that does not exist', { S3_ENDPOINT: 'http://nowhere.invalid' }, /no connection/, 'S3_ENDPOINT'],
  ] as const)
    test(`${what}: one fault, and nothing more is asked`, async () => {
      const patient = await clinic.admit();
      const { code, faults, lines, output } = await doctor({ ...patient.env, ...change });
      expect(faults).toEqual([expect.stringMatching(line)]);
      expect(faults[0]).toStartWith('FAULT reach: ');
      expect(output).toMatch(new RegExp(`Cure: .*${cure}`));
      expect(lines.filter((line) => / (permission|cors|parts): /.test(line))).toEqual([]);
      expect(code).toBe(1);
      expect(await patient.contents()).toEqual([]);
    });

  test('another region: the right one to paste', async () => {
    const { code, faults, output } = await bent((wire) =>
      wire.answer(listsUploads, refusal(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-central-1' })),
    );
    expect(faults).toEqual(['FAULT reach: The bucket is in another region than us-east-1 (301 PermanentRedirect).']);
    expect(output).toContain('          S3_REGION=eu-central-1\n');
    expect(code).toBe(1);
  });

  test('a web page in place of a store', async () => {
    const { code, faults } = await bent((wire) =>
      wire.answer(() => true, {
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<!doctype html><p>Hello<br>',
      }),
    );
    expect(faults).toEqual([expect.stringContaining('does not speak S3')]);
    expect(code).toBe(1);
  });

  test('a proxy that refuses what comes with a single PUT', async () => {
    const { patient, code, faults, output } = await bent((wire) =>
      wire.answer(
        ({ method, path }) => method === 'PUT' && path.endsWith('/single'),
        refusal(403, 'SignatureDoesNotMatch'),
      ),
    );
    expect(faults).toEqual([
      'FAULT single: A single PUT, bound to length, digest and metadata, is refused (403 SignatureDoesNotMatch).',
    ]);
    expect(output).toContain('          PART_DIGEST=none\n');
    expect(code).toBe(1);
    expect(await patient.contents()).toEqual([]);
  });

  test('nothing configured: it names what is missing', async () => {
    const { code, output } = await doctor({});
    for (const name of ['DATABASE_URL', 'S3_BUCKET or R2_BUCKET', 'PARTWAY_SECRET'])
      expect(output).toMatch(new RegExp(`^${name} is missing`, 'm'));
    expect(code).toBe(1);
  });

  test('an option that it does not know', async () => {
    const { code, output } = await doctor({}, { args: ['--fix'] });
    expect(output).toBe('--fix is no option of the doctor; it knows --dev, --json, --try-lifecycle.\n');
    expect(code).toBe(1);
  });
});

describe('the clock', () => {
  test('of a store that refuses ours: one fault', async () => {
    const patient = await clinic.admit();
    await store.setTime(new Date(Date.now() + 3_600_000));
    try {
      const { code, faults, output } = await doctor(patient.env);
      expect(faults).toEqual([expect.stringMatching(/^FAULT clock: .*RequestTimeTooSkewed/)]);
      expect(output).toContain('timedatectl set-ntp true');
      expect(code).toBe(1);
    } finally {
      await store.setTime();
    }
  });

  for (const [minutes, level] of [
    [4, 'note'],
    [-10, 'FAULT'],
  ] as const)
    test(`of a store that is ${minutes} minutes ahead: ${level}`, async () => {
      const date = new Date(Date.now() + minutes * 60_000).toUTCString();
      const { lines } = await bent((wire) =>
        wire.answer(listsUploads, {
          status: 200,
          headers: { date },
          body: '<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>',
        }),
      );
      expect(lines.filter((line) => line.includes(' clock: '))).toEqual([
        expect.stringMatching(minutes > 0 ? /^note clock: .* 4 min ahead of/ : /^FAULT clock: .* 10 min behind/),
      ]);
    });
});

describe('a permission that is lacking', () => {
  const WHICH: [string, string, (seen: { method: string; path: string; query: string }) => boolean][] = [
    ['ListMultipartUploads', 's3:ListBucketMultipartUploads', listsUploads],
    [
      'ListParts',
      's3:ListMultipartUploadParts',
      ({ method, query }) => method === 'GET' && query.includes('uploadId='),
    ],
    [
      'HeadObject of a missing one',
      's3:ListBucket',
      ({ method, path }) => method === 'HEAD' && path.endsWith('missing'),
    ],
    ['CreateMultipartUpload', 's3:PutObject', ({ method, query }) => method === 'POST' && query.startsWith('uploads')],
  ];
  for (const [call, action, matches] of WHICH)
    test(`${action}: the call is named, with the policy`, async () => {
      const { code, faults, output, patient } = await bent((wire) =>
        wire.answer(matches, refusal(403, 'AccessDenied')),
      );
      expect(faults).toEqual([
        expect.stringMatching(new RegExp(`^FAULT permission: ${call} is refused .*${action}\\.$`)),
      ]);
      const policy = JSON.parse(/\{\n *"Version"[\s\S]*?\n {10}\}/.exec(output)![0]);
      expect(policy.Statement).toEqual([
        {
          Effect: 'Allow',
          Action: [
            's3:PutObject',
            's3:GetObject',
            's3:DeleteObject',
            's3:AbortMultipartUpload',
            's3:ListMultipartUploadParts',
          ],
          Resource: `arn:aws:s3:::${patient.bucket}/files/*`,
        },
        {
          Effect: 'Allow',
          Action: ['s3:ListBucketMultipartUploads', 's3:ListBucket'],
          Resource: `arn:aws:s3:::${patient.bucket}`,
        },
      ]);
      expect(code).toBe(1);
      expect(await patient.contents()).toEqual([]);
    });

  test('DeleteObject: what could not be removed is named, and is little', async () => {
    const { code, faults, patient } = await bent((wire) =>
      wire.answer(
        ({ method, query }) => method === 'DELETE' && !query.includes('uploadId='),
        refusal(403, 'AccessDenied'),
      ),
    );
    const left = await patient.contents();
    const named = ['part', 'single'].map((name) => new RegExp(`^files/doctor-[\\w-]{12}/${name}$`));
    expect(left).toEqual(named.map((name) => expect.stringMatching(name)));
    expect(faults[0]).toMatch(/^FAULT permission: DeleteObject is refused/);
    expect(faults[1]).toStartWith(`FAULT clearing: These could not be removed: ${left[0]}`);
    expect(code).toBe(1);
  });

  test('UploadPart: one fault, not one for each page', async () => {
    const { faults, patient } = await bent((wire) =>
      wire.answer(({ method }) => method === 'PUT', refusal(403, 'AccessDenied')),
    );
    expect(faults).toEqual([expect.stringMatching(/^FAULT permission: UploadPart is refused/)]);
    expect(await patient.contents()).toEqual([]);
  });
});

test('a store that falls silent at the first part: a fault that says so, in bounded time', async () => {
  const { code, faults, patient } = await bent((wire) => wire.hold(({ method }) => method === 'PUT', 'response'));
  expect(faults).toEqual(['FAULT permission: UploadPart fails (no answer in time).']);
  expect(code).toBe(1);
  expect(await patient.contents()).toEqual([]);
});

describe('what is signed and not enforced', () => {
  const stored = { status: 200, headers: { etag: '"0"', 'access-control-allow-origin': '*' } };
  const nth = (wanted: number) => {
    let puts = 0;
    return ({ method }: { method: string }) => method === 'PUT' && ++puts === wanted;
  };

  test('Content-MD5: a fault that says what it means, and a note with PART_DIGEST=none', async () => {
    const { code, faults, output, patient } = await bent((wire) => wire.answer(nth(2), stored));
    expect(faults).toEqual([expect.stringMatching(/^FAULT digest: Content-MD5 is signed but not enforced/)]);
    expect(output).toContain('          PART_DIGEST=none\n');
    expect(code).toBe(1);
    const unbound = await doctor({ ...patient.env, PART_DIGEST: 'none' });
    expect(unbound.code).toBe(0);
    expect(unbound.notes).toEqual([expect.stringContaining('note digest: PART_DIGEST=none')]);
  });

  test('Content-Length: a fault', async () => {
    const { code, faults } = await bent((wire) => wire.answer(nth(3), stored));
    expect(faults).toEqual([expect.stringMatching(/^FAULT length: Content-Length is signed but not enforced/)]);
    expect(code).toBe(1);
  });
});

describe('parts', () => {
  const completes = (name: string) => (seen: { method: string; path: string; query: string }) =>
    seen.method === 'POST' && seen.path.endsWith(`/${name}`) && seen.query.startsWith('uploadId=');

  test('that must be equal: fine with the profile generic, a fault with S3', async () => {
    const bend = (wire: Wired) => wire.answer(completes('uneven'), refusal(400, 'InvalidPart'));
    const generic = await bent(bend);
    expect(generic.faults).toEqual([]);
    expect(generic.lines).toContain(
      'ok parts: All parts but the last must be equal (400 InvalidPart); the profile generic cuts them so.',
    );
    const patient = await clinic.admit();
    const { wire, env } = await patient.wired();
    bend(wire);
    const { faults, output } = await doctor({ ...env, S3_PROFILE: 'S3' });
    expect(faults).toEqual([expect.stringMatching(/^FAULT parts: All parts but the last must be equal/)]);
    expect(output).toContain('          S3_PROFILE=generic\n');
    expect(await patient.contents()).toEqual([]);
  });

  test('that are smaller than the store takes: a fault that names the setting', async () => {
    const patient = await clinic.admit();
    const { code, faults, output } = await doctor({ ...patient.env, S3_SMALLEST_PART: '512' });
    expect(faults).toEqual([expect.stringMatching(/^FAULT parts: Parts of 512 bytes.* \(400 EntityTooSmall\)/)]);
    expect(output).toMatch(/Cure: .*S3_SMALLEST_PART/);
    expect(code).toBe(1);
    expect(await patient.contents()).toEqual([]);
  });

  test('with the ETag of another make: a fault; of an encrypted bucket: a note', async () => {
    const head = (headers: Record<string, string>) => (wire: Wired) =>
      wire.answer(({ method, path }) => method === 'HEAD' && path.endsWith('/part'), { status: 200, headers });
    const other = await bent(head({ etag: '"opaque"' }));
    expect(other.faults).toEqual([expect.stringContaining('DIGEST_MISMATCH')]);
    const kms = await bent(head({ etag: '"opaque"', 'x-amz-server-side-encryption': 'aws:kms' }));
    expect(kms.faults).toEqual([]);
    expect(kms.notes).toEqual([expect.stringContaining('verifiedBy "parts"')]);
  });
});

describe('stopped', () => {
  for (const [where, matches] of [
    [
      'in the middle of a part',
      ({ method, path }: { method: string; path: string }) => method === 'PUT' && path.endsWith('/uneven'),
    ],
    [
      'before it hears of the upload it has begun',
      ({ method, path }: { method: string; path: string }) => method === 'POST' && path.endsWith('/part'),
    ],
  ] as const)
    test(`${where}: it clears away what it made, and says that it is not done`, async () => {
      const patient = await clinic.admit();
      const { wire, env } = await patient.wired();
      wire.hold(matches, 'response');
      const { code, output } = await doctor(env, {
        async during(pid) {
          await wire.waitFor(() => wire.requests.some((seen) => matches(seen) && seen.held));
          process.kill(pid, 'SIGTERM');
        },
      });
      expect(output).toStartWith('Stopped before the end');
      expect(code).toBe(1);
      expect(await patient.contents()).toEqual([]);
    });
});
