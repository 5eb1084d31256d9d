/**
 * `npm run bench:server`: the server's hot path over real PostgreSQL and the embedded bucket, as ratios within one run:
 * ways to do the same in alternating rounds, medians with least and most. `npm run bench:server sign` runs one part of
 * it. BENCH_ROUNDS, BENCH_SESSIONS (a million) and BENCH_RESUMES (200) make it shorter.
 */
import { commandFor, ROOT, RUNTIMES } from '../runtime.ts';

const PARTS = ['urls', 'sign', 'crowded', 'resume'] as const;

async function run(part: (typeof PARTS)[number], runtime: (typeof RUNTIMES)[number]): Promise<void> {
  const [program, args] = commandFor(`${ROOT}tests/bench/${part}.ts`, [runtime], runtime);
  const child = Bun.spawn([program, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if ((await child.exited) !== 0) process.exitCode = 1;
}

const wanted = process.argv.slice(2);
console.log('| what | median (least to most) | target |\n|---|---|---|');
for (const part of PARTS.filter((name) => !wanted.length || wanted.includes(name)))
  for (const runtime of part === 'urls' ? RUNTIMES : (['bun'] as const)) await run(part, runtime);
