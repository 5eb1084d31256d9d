import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { countOpen } from '../database/listing.ts';
import type { Deps } from '../deps.ts';
import type { Check } from './readiness.ts';

/** What the server counts as it works. Labels are words of ours alone: nothing that a caller chose. */
export interface Metrics {
  requested(call: string, status: number, seconds: number): void;
  /** Part URLs signed for one call, and how long that took. */
  signed(urls: number, seconds: number): void;
  ended(status: 'completed' | 'failed' | 'aborted', sessions?: number): void;
  /** Bytes of an object that was compared and found right. */
  verified(bytes: number): void;
  /** What one round of the janitor has done, by its own words. */
  tidied(tally: Record<string, number>): void;
}

interface Watched {
  database: Deps['database'];
  checks: () => Promise<Check[]>;
}

/** Prometheus' text format 0.0.4. */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

const REQUEST_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];
const SIGN_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];
const OPEN_FRESH_MS = 15_000;

/** A registry of its own: an app around the server may have another. `watched` is asked when somebody scrapes. */
export function createMetrics(watched: Watched) {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'partway_requests_total',
    help: 'Requests answered, by call and status.',
    labelNames: ['call', 'status'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'partway_request_seconds',
    help: 'Time until a request was answered, by call.',
    labelNames: ['call'],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  const urls = new Counter({ name: 'partway_urls_signed_total', help: 'Part URLs signed.', registers });
  const signSeconds = new Histogram({
    name: 'partway_sign_seconds',
    help: 'Time to sign all the part URLs of one call.',
    buckets: SIGN_BUCKETS,
    registers,
  });
  const ended = new Counter({
    name: 'partway_sessions_ended_total',
    help: 'Sessions that this server has ended, by how.',
    labelNames: ['status'],
    registers,
  });
  const bytes = new Counter({
    name: 'partway_bytes_verified_total',
    help: 'Bytes of the objects that were completed and verified.',
    registers,
  });
  const tidied = new Counter({
    name: 'partway_janitor_total',
    help: 'What the janitor of this server has done, by kind of work.',
    labelNames: ['work'],
    registers,
  });
  for (const status of ['completed', 'failed', 'aborted']) ended.inc({ status }, 0);
  watchSessions(registers, watched);
  watchChecks(registers, watched.checks);
  watchProcess(registers);

  const metrics: Metrics = {
    requested: (call, status, seconds) => {
      requests.inc({ call, status });
      requestSeconds.observe({ call }, seconds);
    },
    signed: (count, seconds) => {
      urls.inc(count);
      signSeconds.observe(seconds);
    },
    ended: (status, sessions = 1) => ended.inc({ status }, sessions),
    verified: (size) => bytes.inc(size),
    tidied: (tally) => {
      for (const [work, count] of Object.entries(tally)) tidied.inc({ work }, count);
    },
  };
  return { metrics, scrape: () => registry.metrics() };
}

/** Every server of one database tells the same; while the database is away nobody does. */
function watchSessions(registers: Registry[], { database, checks }: Watched): void {
  let askedAt = Number.NEGATIVE_INFINITY;
  new Gauge({
    name: 'partway_sessions',
    help: 'Open sessions in the database, by status.',
    labelNames: ['status'],
    registers,
    async collect() {
      if (performance.now() - askedAt < OPEN_FRESH_MS) return;
      const away = (await checks()).some(({ name, ready }) => name === 'database' && !ready);
      const counted = away
        ? undefined
        : await database.scoped({ service: 'janitor' }, countOpen).catch(() => undefined);
      this.reset();
      for (const [status, count] of Object.entries(counted ?? {})) this.set({ status }, count);
      if (counted) askedAt = performance.now();
    },
  });
}

function watchChecks(registers: Registry[], checks: () => Promise<Check[]>): void {
  new Gauge({
    name: 'partway_up',
    help: 'Whether the database and each bucket answer (1) or not (0).',
    labelNames: ['name'],
    registers,
    async collect() {
      for (const { name, ready } of await checks()) this.set({ name }, Number(ready));
    },
  });
}

function watchProcess(registers: Registry[]): void {
  const startedAt = new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, in seconds since 1970.',
    registers,
  });
  startedAt.set(performance.timeOrigin / 1000);
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory that the process has in RAM.',
    registers,
    collect() {
      this.set(process.memoryUsage().rss);
    },
  });
  new Gauge({
    name: 'partway_event_loop_lag_seconds',
    help: 'How long something that was due at once had to wait, at the time of the scrape.',
    registers,
    async collect() {
      const dueAt = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      this.set((performance.now() - dueAt) / 1000);
    },
  });
}
