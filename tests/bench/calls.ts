/**
 * Each call over HTTP, by a server of its own process in each runtime, with few and with many sessions in the database;
 * what a part URL costs beside a route that keeps nothing; and the servers' memory. Costs are processor time of the
 * server's process alone.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { put } from '../api/client.ts';
import { commandFor, ROOT, RUNTIMES, type Runtime } from '../runtime.ts';
import { peakOf, processorOf, residentOf } from './process.ts';
import { costs, median, quantile, ROUNDS, ratios, spread, takeTurns } from './rounds.ts';
import { addUser, type BenchServer, fill, keyOf, onScene, type Scene, SESSIONS } from './scene.ts';
import { file, part, signing, writeSessions } from './signing.ts';
import { tableOf } from './table.ts';

const WINDOW = 32;
const LANES = 4;
const PARTS = 10_000;
const CALLS = Number(process.env.BENCH_CALLS ?? 100);
const rounds = Math.min(ROUNDS, 5);
const user = keyOf('bench');

/** An upload of `parts` parts, of which the store has the first `stored`. */
async function begin({ call }: BenchServer, parts: number, stored: number): Promise<string> {
  const { resumeToken, partUrls } = await call('/init', user, { ...file, fileSize: parts * 1024 });
  for (const url of partUrls.slice(0, stored)) {
    const { status } = await put(url, part);
    if (status !== 200) throw new Error(`PUT ${status}`);
  }
  return resumeToken;
}

async function waysOf(server: BenchServer, scene: Scene, admin: string) {
  const lanes = Array.from({ length: 2 * LANES });
  const [one, many] = [
    await writeSessions(scene, admin, lanes.length),
    await writeSessions(scene, admin, lanes.length),
  ];
  const halves = await Promise.all(lanes.map(() => begin(server, 10, 5)));
  const whole: string[] = [];
  while (whole.length < (rounds + 1) * CALLS) whole.push(...(await Promise.all(lanes.map(() => begin(server, 2, 2)))));
  let turn = 0;
  return {
    init: () => server.call('/init', user, { ...file, fileSize: 100 * 1024, partUrlCount: 1 }),
    'sign of 1': signing(server.call, one, 1),
    'sign of 32': signing(server.call, many, WINDOW),
    'resume of 10 parts': () => server.call('/resume', {}, { resumeToken: halves[turn++ % halves.length] }),
    'complete of 2 parts': () => server.call('/complete', {}, { resumeToken: whole.pop() }),
  };
}

async function openPeer(runtime: Runtime) {
  const [program, args] = commandFor(`${ROOT}tests/bench/peer.ts`, [], runtime);
  const child: ChildProcess = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(createInterface(child.stdout!), 'line');
  let partNumber = 0;
  return {
    processor: processorOf(child.pid!),
    async sign() {
      const number = (partNumber++ % PARTS) + 1;
      const path = `/s3/multipart/VXBsb2FkIElEIGZvciBlbHZpbmcncyBtdWx0aXBhcnQgdXBsb2Fk/${number}?key=uploads/bench`;
      const { url } = (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as { url?: string };
      if (!url) throw new Error('no URL');
    },
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

const micro = (numbers: number[]) => `${spread(numbers, 0)} µs`;

async function measure(runtime: Runtime, scene: Scene, addresses: Record<keyof typeof SESSIONS, string>) {
  const [few, many] = [await scene.open(runtime, addresses.few), await scene.open(runtime, addresses.many)];
  const idle = residentOf(few.pid);
  const ways = {
    few: await waysOf(few, scene, scene.database.admin('few')),
    many: await waysOf(many, scene, scene.database.admin('many')),
  };
  const calls: string[][] = [];
  for (const name of Object.keys(ways.few) as (keyof typeof ways.few)[]) {
    const turns = await takeTurns(
      { few: ways.few[name], many: ways.many[name] },
      { calls: CALLS, lanes: LANES, rounds, clock: (size) => ({ few, many })[size].processor() },
    );
    const [lone, crowded] = [turns.few, turns.many].map((taken) => ({
      latencies: taken.flatMap(({ latencies }) => latencies),
      rate: median(taken.map(({ took }) => (CALLS / took) * 1000)),
      costs: costs(taken),
    }));
    const latency = (share: number) =>
      [lone!, crowded!].map(({ latencies }) => quantile(latencies, share).toFixed(1)).join(' / ');
    calls.push([
      name,
      runtime,
      micro(lone!.costs),
      spread(ratios(crowded!.costs, lone!.costs), 2),
      `${lone!.rate.toFixed(0)} / ${crowded!.rate.toFixed(0)}`,
      latency(0.5),
      latency(0.99),
    ]);
  }

  const peer = await openPeer(runtime);
  const { 'sign of 1': one, 'sign of 32': window } = ways.few;
  const urls = await takeTurns(
    { one, window, peer: peer.sign },
    { calls: CALLS, lanes: LANES, rounds, clock: (who) => (who === 'peer' ? peer : few).processor() },
  ).finally(peer.stop);
  const perUrl = {
    one: costs(urls.one),
    window: costs(urls.window).map((cost) => cost / WINDOW),
    peer: costs(urls.peer),
  };
  const beside = [
    runtime,
    micro(perUrl.peer),
    micro(perUrl.one),
    spread(ratios(perUrl.one, perUrl.peer), 2),
    micro(perUrl.window),
    spread(ratios(perUrl.window, perUrl.peer), 2),
  ];
  const memory = [runtime, ...[idle, residentOf(few.pid), peakOf(few.pid)].map((size) => size.toFixed(0))];
  await few.stop();
  await many.stop();
  return { calls, beside, memory };
}

async function benchCalls(scene: Scene): Promise<void> {
  const addresses = { few: await scene.found('few'), many: await scene.found('many') };
  for (const size of ['few', 'many'] as const) {
    await (await scene.open('bun', addresses[size])).stop();
    const admin = scene.database.admin(size);
    await fill(admin, SESSIONS[size]);
    await addUser(admin, 'bench');
  }
  const measured: Awaited<ReturnType<typeof measure>>[] = [];
  for (const runtime of RUNTIMES) measured.push(await measure(runtime, scene, addresses));

  const sizes = `${SESSIONS.few} / ${SESSIONS.many} sessions`;
  const names = measured[0]!.calls.map(([name]) => name);
  console.log(
    tableOf(
      [
        'call',
        'runtime',
        `processor time with ${SESSIONS.few} sessions`,
        `with ${SESSIONS.many} over that`,
        `calls a second, ${sizes}`,
        'p50, ms',
        'p99, ms',
      ],
      names.flatMap((_, at) => measured.map(({ calls }) => calls[at]!)),
    ),
  );
  console.log(
    tableOf(
      [
        'a part URL',
        'the peer’s route',
        'ours, one by one',
        'over the peer’s',
        `ours, ${WINDOW} a call`,
        'over the peer’s',
      ],
      measured.map(({ beside }) => beside),
    ),
  );
  console.log(
    tableOf(
      ['memory of the process, MiB', 'idle', 'after these calls', 'at its largest'],
      measured.map(({ memory }) => memory),
    ),
  );
}

await onScene(benchCalls);
