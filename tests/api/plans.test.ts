/** What the server asks of a database that has years behind it: every plan of every query goes by an index. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { PendingQuery, Row } from 'postgres';
import { createApp } from '../../server/app.ts';
import { BASE_PATH } from '../../server/contract/wire.ts';
import type { Database, Query } from '../../server/database/connection.ts';
import { countOpen } from '../../server/database/listing.ts';
import { openOutbox } from '../../server/database/outbox.ts';
import type { Deps } from '../../server/deps.ts';
import { runRound } from '../../server/janitor/janitor.ts';
import { BUSY, crowd } from '../crowd.ts';
import { digestsFor, put, random } from './client.ts';
import { openHost } from './host.ts';
import { query } from './serve.ts';

setDefaultTimeout(120_000);

const SESSIONS = 50_000;
/** It has one row for ever. */
const SMALL = 'janitor_rounds';

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Node[];
}

const within = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(within)];

/** By the text of each query: the tables that its plan reads from end to end. */
type Scans = Map<string, string[]>;

/** `sql`, with each query that is waited for explained first: same role, same scope, same parameters. */
function watched(sql: Query, scans: Scans): Query {
  const ask = (strings: TemplateStringsArray, ...values: never[]) => {
    const asked: PendingQuery<Row[]> = sql(strings, ...values);
    const run = asked.then.bind(asked) as (done: (rows: unknown) => unknown) => Promise<unknown>;
    const explained = async () => {
      const explanation = await sql`explain (format json) ${sql(strings, ...values)}`;
      const nodes = within(explanation[0]!['QUERY PLAN'][0].Plan);
      const scanned = nodes
        .filter((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] !== SMALL)
        .map((node) => node['Relation Name']!);
      const text = explanation.statement.string.replace(/^explain \(format json\)\s+/, '').replace(/\s+/g, ' ');
      scans.set(text, [...(scans.get(text) ?? []), ...scanned]);
      return run((rows) => rows);
    };
    // A fragment is never waited for.
    Object.defineProperty(asked, 'then', {
      value: (...how: Parameters<Promise<unknown>['then']>) => explained().then(...how),
    });
    return asked;
  };
  return Object.setPrototypeOf(ask, sql);
}

/** A single query has become two. */
const watching = (database: Database, scans: Scans): Database => {
  const scoped: Database['scoped'] = (scope, work) => database.scoped(scope, (sql) => work(watched(sql, scans)));
  return { ...database, scoped, single: scoped };
};

/** All that a user, the couriers and the janitor have the server do, as `user`. */
async function everything(deps: Deps, user: string): Promise<void> {
  const app = createApp({ ...deps, authenticate: async () => user });
  const call = async (path: string, body?: object, headers: Record<string, string> = {}) => {
    const method = body ? 'POST' : 'GET';
    const init = { method, headers: { 'content-type': 'application/json', ...headers } };
    const response = await app.request(BASE_PATH + path, { ...init, ...(body && { body: JSON.stringify(body) }) });
    // biome-ignore lint/suspicious/noExplicitAny: whichever answer it is
    return (await response.json()) as any;
  };
  const bytes = random(2058);
  const parts = digestsFor(bytes, 1024);
  const file = { filename: 'film.bin', fileSize: bytes.length, contentType: 'video/mp4', partSize: 1024 };
  const { grant } = await call('/grant', {});
  await call('/init', { ...file, partUrlCount: 0 }, { authorization: `Bearer ${grant}` });
  await call('/init', file, { 'x-api-key': 'mpk_unknown' });
  const again = { 'idempotency-key': `again ${user}` };
  const first = await call('/init', { ...file, parts, fingerprint: 'mine' }, again);
  const { sessionId, partUrls } = await call('/init', { ...file, parts, fingerprint: 'mine' }, again);
  await call('/claim', { fingerprint: 'mine' });
  const { resumeToken } = await call('/claim', { sessionId });
  for (const part of partUrls) await put(part, bytes.subarray(part.start, part.end + 1));
  await call('/sign', { resumeToken, parts: parts.slice(2), stored: [1, 2] });
  await call('/pause', { resumeToken });
  await call('/resume', { resumeToken });
  await call('/progress', undefined, { 'x-resume-token': resumeToken });
  const done = await call('/complete', { resumeToken });
  expect([first.success, done.verifiedBy]).toEqual([true, 'size']);
  const other = await call('/init', file);
  await call('/complete', { resumeToken: other.resumeToken });
  await call('/abort', { resumeToken: other.resumeToken });
  const { cursor } = await call('?limit=2');
  await call(`?cursor=${cursor}`);
  for (const status of ['active', 'paused', 'completing', 'completed', 'aborted', 'failed'])
    await call(`?status=${status}`);

  const outbox = openOutbox(deps.database, 'webhook');
  await outbox.takeFresh(sessionId, 60);
  await outbox.take(8, 60);
  const delivery = { id: sessionId, event: 'upload.completed', data: {}, createdAt: new Date(), attempt: 1 } as const;
  await outbox.postpone(delivery, 0);
  await outbox.settle(delivery, 'delivered');
  await deps.database.single({ service: 'janitor' }, countOpen);
  await runRound(deps, { retentionDays: 30, always: true });
}

describe('with fifty thousand uploads, keys, grants and events', () => {
  let host: Awaited<ReturnType<typeof openHost>>;
  beforeAll(async () => {
    host = await openHost();
    await query(host.database.admin(), (sql) => crowd(sql, SESSIONS));
  });
  afterAll(() => host?.stop());

  for (const user of ['user-77', BUSY])
    test(`no query of the server reads a table from end to end, asked by ${user}`, async () => {
      const scans: Scans = new Map();
      await everything({ ...host.deps, database: watching(host.deps.database, scans) }, user);
      expect(scans.size).toBeGreaterThan(30);
      expect([...scans].filter(([, tables]) => tables.length)).toEqual([]);
    });
});
