/**
 * `npm run bench:server`: the server over real PostgreSQL and the embedded bucket, as ratios within one run and as
 * processor time: ways to do the same in alternating rounds, medians with least and most. `npm run bench:server sign`
 * runs one part of it; with `--write` the tables and charts of `calls`, `growth` and `profile` go into RESULTS.md.
 * BENCH_ROUNDS (7), BENCH_SESSIONS (a million), BENCH_RESUMES (200), BENCH_CALLS (of each kind and round), BENCH_MOST
 * (parts, open sessions: 10,000) and BENCH_SIGNS (that are profiled: 4,000) make it shorter.
 */
import { commandFor, ROOT, RUNTIMES, type Runtime } from '../runtime.ts';
import { commandOf, HOME, publish } from './section.ts';
import { headOf } from './table.ts';

/** Which runtimes run each; those that measure servers in processes of their own start all of them themselves. */
const PARTS: Record<string, readonly Runtime[]> = {
  urls: RUNTIMES,
  sign: ['bun'],
  crowded: ['bun'],
  resume: ['bun'],
  calls: ['bun'],
  growth: ['bun'],
  profile: ['bun'],
};
/** These print tables of their own, the others rows of one. */
const WHOLE = ['calls', 'growth', 'profile'];

/** Resolves to what it printed, which is passed on as it comes. */
async function run(part: string, runtime: Runtime): Promise<string> {
  const [program, args] = commandFor(`${HOME}/${part}.ts`, [runtime], runtime);
  const env = { ...process.env, ...(write && { BENCH_CHARTS: HOME }) };
  const child = Bun.spawn([program, ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    process.stdout.write(text);
    printed += text;
  }
  if ((await child.exited) === 0) return printed;
  process.exitCode = 1;
  return '';
}

const given = process.argv.slice(2);
const write = given.includes('--write');
const wanted = given.filter((word) => word !== '--write');
const unknown = wanted.filter((part) => !Object.hasOwn(PARTS, part));
if (unknown.length) {
  console.error(`There is no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}
let headed = false;
for (const [part, runtimes] of Object.entries(PARTS)) {
  if (wanted.length && !wanted.includes(part)) continue;
  const whole = WHOLE.includes(part);
  if (whole) console.log();
  else if (!headed) console.log(headOf(['what', 'median (least to most)', 'target']));
  headed = !whole;
  let printed = '';
  for (const runtime of runtimes) printed += await run(part, runtime);
  if (write && whole && printed) publish(part, commandOf('bench:server', [part]), printed);
}
