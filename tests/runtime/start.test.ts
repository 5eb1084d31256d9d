/** The commands that people start it by, each in its runtime. */

import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { apiAt, granted, putAll, random } from '../api/client.ts';
import { ORIGIN, storeEnv } from '../api/place.ts';
import { makeFolder, query, removeFolder, serveDatabase } from '../api/serve.ts';
import { gone, kill, processTree } from '../browser/processes.ts';
import { freePorts } from '../ports.ts';
import { ROOT } from '../runtime.ts';
import { plainEnv } from '../server.ts';
import { embeddedStore, makeBucket } from '../store.ts';
import { talk } from './fixture.ts';

setDefaultTimeout(120_000);

const BIN = `${ROOT}node_modules/.bin`;
const endings: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of endings.reverse()) await end();
});

/** Runs a command in a process group of its own, as a terminal does, until it says that it listens. */
async function start([program, ...args]: string[], env: Record<string, string> = {}) {
  const [port, bucketPort] = await freePorts(2);
  const folder = makeFolder();
  const child = spawn(program!, args, {
    cwd: ROOT,
    detached: true,
    env: plainEnv({ PORT: String(port), BUCKET_PORT: String(bucketPort), DATA_DIR: folder, ...env }),
  });
  const exited = once(child, 'exit');
  let said = '';
  let complaints = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  while (!/^Partway +http/m.test(said))
    if ((await Promise.race([exited, Bun.sleep(20)])) !== undefined) throw new Error(said + complaints);
  const tree = processTree(child.pid!);
  endings.push(() => {
    kill(tree, 'SIGKILL');
    removeFolder(folder);
  });
  return {
    port: port!,
    url: `http://127.0.0.1:${port}`,
    lines: () => said.split('\n').filter((line) => /^\w+ {2,}/.test(line)),
    /** Ctrl-C goes to all of the group; `kill` to the one that was started. */
    signal: (how: 'Ctrl-C' | 'kill') =>
      how === 'Ctrl-C' ? process.kill(-child.pid!, 'SIGINT') : child.kill('SIGTERM'),
    says: async (word: string) => {
      while (!said.includes(word)) await Bun.sleep(10);
    },
    /** Its exit code, null where a signal ended it, and whether all that it started has ended. */
    ended: async () => {
      await exited;
      return { code: child.exitCode, gone: await gone(tree, 10_000) };
    },
  };
}

/**
 * `npm` itself takes no notice of a signal that is sent to it alone. The tasks in deno.json begin with `env` because
 * `deno task` takes a `deno` in node_modules/.bin, where there is one, for JavaScript (denoland/deno#27114).
 */
const COMMANDS: [name: string, command: string[], ways: ('Ctrl-C' | 'kill')[]][] = [
  ['npm start', ['npm', 'start'], ['Ctrl-C']],
  ['deno task start', [`${BIN}/deno`, 'task', 'start'], ['Ctrl-C', 'kill']],
  ['node server/main.ts --dev', [`${BIN}/node`, 'server/main.ts', '--dev'], ['Ctrl-C', 'kill']],
];

describe.each(COMMANDS)('%s', (_, command, ways) => {
  test.each(ways)('says three lines and shows the page; %s lets it finish and leaves nothing running', async (way) => {
    const server = await start(command);
    expect(server.lines()).toEqual([
      expect.stringMatching(/^PostgreSQL {2}\/.*\/postgres$/),
      expect.stringMatching(/^Bucket {6}http:\/\/127\.0\.0\.1:\d+\/uploads, in \/.*\/bucket$/),
      `Partway     http://localhost:${server.port}`,
    ]);
    expect(await (await fetch(server.url)).text()).toContain('<!doctype html>');
    const { send, hears, socket } = await talk(server.port);
    const body = JSON.stringify({ filename: 'a', fileSize: 1, contentType: 'text/plain' });
    const fields = [`Content-Length: ${body.length}`, 'Content-Type: application/json', 'X-API-Key: dev'];
    const head = [`POST ${BASE_PATH}/init HTTP/1.1`, 'Host: localhost', ...fields, 'Expect: 100-continue'];
    await send(`${head.join('\r\n')}\r\n\r\n`);
    await hears(/ 100 Continue/);
    server.signal(way);
    await server.says('Stopping');
    await send(body);
    await hears(/ 200 OK[\s\S]*"resumeToken"/);
    socket.destroy();
    // npm ends as it likes: by the signal, or with the code of what it ran.
    const codes = command[0] === 'npm' ? [0, null] : [0];
    const { code, gone } = await server.ended();
    expect(codes).toContain(code);
    expect(gone).toBe(true);
  });
});

test('deno task serve needs no right to write or to run anything', async () => {
  const database = await serveDatabase();
  const store = await embeddedStore({ smallestPart: 1024 });
  const bucket = 'served';
  const key = 'mpk_served';
  await makeBucket(store, bucket, [ORIGIN]);
  const server = await start([`${BIN}/deno`, 'task', 'serve'], {
    HOST: '127.0.0.1',
    DATABASE_URL: database.url,
    PARTWAY_SECRET: 'a secret of at least 32 characters',
    ...storeEnv(store, bucket),
  });
  await query(
    database.url,
    (sql) =>
      sql`insert into api_keys (user_id, key_hash) values ('anna', ${createHash('sha256').update(key).digest()})`,
  );
  const api = apiAt(server.url, { 'x-api-key': key });
  const bytes = random(3000);
  const { partUrls, resumeToken } = await api.begin({ size: bytes.length });
  await putAll(partUrls, bytes);
  granted(await api.call('complete', { resumeToken }));
  server.signal('kill');
  expect(await server.ended()).toEqual({ code: 0, gone: true });
  await store.stop();
  await database.stop();
});
