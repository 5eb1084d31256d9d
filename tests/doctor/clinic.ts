/** The doctor as an operator runs it, over a bucket and a database of its own. */

import { expect } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { migrate } from '../../server/database/migrate.ts';
import { freshName, storeEnv } from '../api/place.ts';
import { serveDatabase, type TestDatabase } from '../api/serve.ts';
import { startBucket } from '../bucket.ts';
import { startProxy, type Proxy as Wire } from '../faults/proxy.ts';
import { runProgram } from '../program.ts';
import { clientFor, keysIn, makeBucket, type TestStore, uploadsIn } from '../store.ts';

/** What may appear nowhere in what is printed. */
const CANARY = 'canary-that-nobody-may-print-0123456789';
const SECRETS = [CANARY, 'X-Amz-', 'Signature=', 'AWS4-HMAC'];

export const PAGE = 'https://app.example.com';

export interface Diagnosis {
  code: number | null;
  output: string;
  /** `level check: says` of each line. */
  lines: string[];
  /** The same of those at fault. */
  faults: string[];
  notes: string[];
}

export interface DoctorOptions {
  args?: string[];
  /** Called with the process's number as soon as it runs. */
  during?: (pid: number) => unknown;
}

/** Runs the doctor to its end. */
export async function doctor(
  env: Record<string, string>,
  { args = [], during }: DoctorOptions = {},
): Promise<Diagnosis> {
  const { code, output } = await runProgram('server/doctor.ts', args, env, during);
  const lines = [...output.matchAll(/^ {2}(ok|note|FAULT) +(\S+) +(.*)$/gm)].map(
    ([, level, check, says]) => `${level} ${check}: ${says}`,
  );
  const secrets = [...SECRETS, env.S3_SECRET_KEY, env.PARTWAY_SECRET, passwordOf(env.DATABASE_URL)].filter(Boolean);
  for (const secret of secrets) expect(output).not.toContain(secret!);
  const of = (level: string) => lines.filter((line) => line.startsWith(level));
  return { code, output, lines, faults: of('FAULT'), notes: of('note') };
}

const passwordOf = (url: string | undefined) => (url ? new URL(url).password : '');

/** A bucket that the doctor is sent to, and the settings that send it there. */
export interface Patient {
  store: TestStore;
  bucket: string;
  env: Record<string, string>;
  /** The same through a wire that a test can bend. */
  wired(): Promise<{ wire: Wire; env: Record<string, string> }>;
  /** What there is in the bucket, versions and unfinished uploads too. */
  contents(): Promise<string[]>;
}

/** A database to be shared, and a bucket for each patient in `store`. */
export async function openClinic(store: TestStore, { unit = 1024 } = {}) {
  const database: TestDatabase = await serveDatabase();
  await migrate(database.url);
  const wires: Wire[] = [];
  return {
    store,
    database,
    /** Its CORS rule lets `origins` in; none are left to the store's standard. */
    async admit(origins: string[] | undefined = [PAGE]): Promise<Patient> {
      const bucket = freshName();
      await makeBucket(store, bucket, origins);
      const env = {
        ...storeEnv(store, bucket, store.endpoint, unit),
        DATABASE_URL: database.url,
        PARTWAY_SECRET: CANARY,
        ALLOWED_ORIGINS: PAGE,
        KEY_PREFIX: 'files/',
      };
      return {
        store,
        bucket,
        env,
        async wired() {
          const { hostname: host, port } = new URL(store.endpoint);
          const wire = await startProxy({ target: { host, port: Number(port) } });
          wires.push(wire);
          return { wire, env: { ...env, S3_ENDPOINT: wire.url } };
        },
        contents: async () => [...(await keysIn(store, bucket)), ...(await uploadsIn(store, bucket))],
      };
    },
    async stop() {
      for (const wire of wires) await wire.stop();
      await database.stop();
      await store.stop();
    },
  };
}

export type Clinic = Awaited<ReturnType<typeof openClinic>>;

/** Every version and delete marker of a bucket that keeps them. */
export async function versionsIn({ s3 }: TestStore, Bucket: string): Promise<number> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  return Versions.length + DeleteMarkers.length;
}

/** An embedded bucket with keys that are found wherever they are printed, and a clock that can be set. */
export async function canaryStore() {
  const folder = mkdtempSync(join(tmpdir(), 'partway-clinic-'));
  const keys = { accessKey: `AK${CANARY}`, secretKey: `SK${CANARY}` };
  const bucket = await startBucket({ folder, ...keys, buckets: [], origins: [], port: 0, smallestPart: 1024 });
  const endpoint = `http://127.0.0.1:${bucket.port}`;
  return {
    name: 'embedded bucket',
    endpoint,
    ...keys,
    s3: clientFor(endpoint, keys.accessKey, keys.secretKey),
    setTime: bucket.setTime,
    async stop() {
      await bucket.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
