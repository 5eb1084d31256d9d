import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startPostgres } from '../../server/embedded/postgres.ts';
import { commandFor, ROOT } from '../runtime.ts';
import { plainEnv, type Server, startServer } from '../server.ts';

setDefaultTimeout(180_000);

let folder: string;
let database: EmbeddedPostgres;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'partway-keys-'));
  chmodSync(folder, 0o711);
  database = await startPostgres({ folder });
  server = await startServer({ env: { DATABASE_URL: database.url } });
});
afterAll(async () => {
  await server?.stop();
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function keys(args: string[], env: Record<string, string>) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(commandFor('server/keys.ts', args).flat(), {
    cwd: ROOT,
    env: plainEnv(env),
  });
  return { exitCode, stdout: stdout.toString().trim(), stderr: stderr.toString().trim() };
}

test('a key made on the command line opens the API, and the database does not hold it', async () => {
  const { exitCode, stdout: key, stderr } = keys(['--', 'create', '--user', 'anna'], { DATABASE_URL: database.url });
  expect([exitCode, key]).toEqual([0, expect.stringMatching(/^mpk_[\w-]+$/)]);
  const { stdout: listed } = keys(['list', '--json'], { DATABASE_URL: database.url });
  expect(stderr).toBe(`id ${JSON.parse(listed)[0].id}`);
  const asked = await fetch(`${server.url}/api/v1/upload/multipart/grant`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: '{}',
  });
  expect(asked.status).toBe(200);
  const sql = new Bun.SQL(database.url);
  const rows = await sql`select api_keys::text as row from api_keys`;
  await sql.close();
  expect(rows).toHaveLength(1);
  expect(rows[0].row).not.toContain(key);
});

test('a wrong call does nothing and says what is right', () => {
  for (const wrong of [
    ['create', '--user'],
    ['create', '--user', 'anna', 'bert'],
    ['list', '--all'],
    ['revoke'],
    ['delete', 'a'],
  ]) {
    const { exitCode, stdout, stderr } = keys(wrong, { DATABASE_URL: database.url });
    expect([wrong, exitCode, stdout]).toEqual([wrong, 1, '']);
    expect(stderr).toStartWith('Usage: partway-keys create --user USER\n');
  }
  expect(keys(['create', '--user', 'anna'], {}).stderr).toStartWith('DATABASE_URL is missing');
});
