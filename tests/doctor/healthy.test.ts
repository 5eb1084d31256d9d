/** What an operator sees where nothing is wrong, and where nobody answers; on every runtime. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { makeFolder, removeFolder, serve } from '../api/serve.ts';
import { freePort, freePorts } from '../ports.ts';
import { clientFor, keysIn, uploadsIn } from '../store.ts';
import { type Clinic, canaryStore, doctor, openClinic } from './clinic.ts';

setDefaultTimeout(180_000);

describe('with --dev', () => {
  test('nothing running: it brings its own, finds no fault, and leaves nothing on the disk', async () => {
    const folder = makeFolder();
    const dataDir = join(folder, 'data');
    const temporary = makeFolder();
    const [port, bucketPort] = await freePorts(2);
    const { code, lines, output } = await doctor(
      { TMPDIR: temporary, DATA_DIR: dataDir, PORT: String(port), BUCKET_PORT: String(bucketPort) },
      { args: ['--dev'] },
    );
    expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
    expect(lines.length).toBeGreaterThan(30);
    expect(output).toEndWith(`\n${lines.length} ok, 0 notes, 0 faults\n`);
    expect(code).toBe(0);
    expect(existsSync(dataDir)).toBe(false);
    expect(readdirSync(temporary)).toEqual([]);
    removeFolder(temporary);
    removeFolder(folder);
  });

  test('beside a running server: it checks that one’s bucket and database, and leaves nothing in them', async () => {
    const server = await serve();
    try {
      const env = { DATA_DIR: server.dataDir, PORT: String(server.port), BUCKET_PORT: String(server.bucketPort) };
      const { code, lines, output } = await doctor(env, { args: ['--dev'] });
      expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
      expect(output.match(/of the running server/g)).toHaveLength(2);
      expect(lines).toContain(`ok cors: http://localhost:${server.port} may PUT with content-md5 (preflight).`);
      expect(code).toBe(0);
      const endpoint = `http://127.0.0.1:${server.bucketPort}`;
      const store = { s3: clientFor(endpoint, 'partway', 'partway-local-secret') } as Parameters<typeof keysIn>[0];
      expect([...(await keysIn(store, 'uploads')), ...(await uploadsIn(store, 'uploads'))]).toEqual([]);
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    } finally {
      await server.stop();
    }
  });
});

describe('a configured bucket', () => {
  let clinic: Clinic;
  beforeAll(async () => {
    clinic = await openClinic(await canaryStore());
  });
  afterAll(() => clinic?.stop());

  test('in order: exit code 0, no fault, nothing left in it', async () => {
    const patient = await clinic.admit();
    const { code, faults, lines, output } = await doctor(patient.env);
    expect(faults).toEqual([]);
    expect(lines).toContain('ok digest: Other bytes than the signed Content-MD5 are refused (400 BadDigest).');
    expect(lines).toContain(
      'ok single: Files of one part go by a single PUT, bound to their length, digest and metadata.',
    );
    expect(lines).toContain('ok cors: https://app.example.com may GET.');
    expect(output).toContain(`\nS3 bucket ${patient.bucket} at ${clinic.store.endpoint} (profile generic)\n`);
    expect(code).toBe(0);
    expect(await patient.contents()).toEqual([]);
  });

  test('for programs: the same as JSON', async () => {
    const patient = await clinic.admit();
    const { code, output } = await doctor(patient.env, { args: ['--json'] });
    const { ok, notes, faults, sections } = JSON.parse(output);
    expect({ notes, faults, code }).toMatchObject({ faults: 0, code: 0 });
    expect(sections.flatMap(({ findings }: { findings: unknown[] }) => findings)).toHaveLength(ok + notes + faults);
  });

  test('at an address where nothing listens: one fault that says so', async () => {
    const patient = await clinic.admit();
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const { code, faults, output } = await doctor({ ...patient.env, S3_ENDPOINT: endpoint });
    expect(faults).toEqual([`FAULT reach: ${endpoint}: no connection (ECONNREFUSED).`]);
    expect(output).toContain('Cure: Nothing takes connections there: start the store, or correct S3_ENDPOINT.');
    expect(code).toBe(1);
  });

  test('that takes connections and says nothing: one fault, in bounded time', async () => {
    const patient = await clinic.admit();
    const mute = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(mute.address() as { port: number }).port}`;
    try {
      const { code, faults } = await doctor({ ...patient.env, S3_ENDPOINT: endpoint });
      expect(faults).toEqual([expect.stringMatching(/^FAULT reach: .*does not answer within 10 s/)]);
      expect(code).toBe(1);
    } finally {
      mute.close();
    }
  });
});
