import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installChromium } from './install.ts';
import { RUNTIMES, type Runtime } from './runtime.ts';
import { sowSeed } from './seed.ts';

/**
 * `npm test`: everything, in groups, each a process of its own, so that none inherits what another left behind.
 * `npm test tests/api` runs the groups of that folder, PARTWAY_RUNTIME=deno those on that runtime alone. Ends with
 * `N passed, N failed, N skipped`; with PARTWAY_NO_SKIP a skip counts as a failure.
 */
interface Group {
  name: string;
  /** As `bun test` takes them: a folder, or files. */
  paths: string[];
  /** What runs the server under test. */
  runtime?: Runtime;
  /** Files at a time: most of them wait. */
  lanes?: number;
}

/** Milliseconds for a test that names no limit of its own. */
const LIMIT = 180_000;
const LANES = 3;
const API = 'tests/api';
const DOCTOR = 'tests/doctor';
const RGW = `./${API}/ceph.test.ts`;

/** What a test mounts in an app of its own runs where the test does. */
const mounted = (path: string) => readFileSync(path, 'utf8').includes("from './host.ts'");

function apiGroups(runtimes: readonly Runtime[]): Group[] {
  const files = readdirSync(API).filter((name) => name.endsWith('.test.ts'));
  const paths = files.map((name) => `./${API}/${name}`).filter((path) => path !== RGW);
  const group = (what: string, runtime: Runtime, paths: string[]) => ({
    name: `${API} ${what}, on ${runtime}`,
    runtime,
    paths,
    lanes: LANES,
  });
  return [
    group('in an app', 'bun', paths.filter(mounted)),
    ...runtimes.flatMap((runtime) => [
      group(
        'over the embedded bucket',
        runtime,
        paths.filter((path) => !mounted(path)),
      ),
      group('over Ceph RGW', runtime, [RGW]),
    ]),
  ];
}

const folder = (path: string): Group => ({ name: path, paths: [path] });

const STEPS = 'tests/steps';
const KILL = `./${STEPS}/kill.test.ts`;

/** What is killed runs on each; the rest calls the server where the test runs, or has all of them at once. */
function stepsGroups(runtimes: readonly Runtime[]): Group[] {
  const files = readdirSync(STEPS).filter((name) => name.endsWith('.test.ts'));
  const others = files.map((name) => `./${STEPS}/${name}`).filter((path) => path !== KILL);
  return [
    { name: STEPS, paths: others, lanes: 2 },
    ...runtimes.map((runtime) => ({ name: `${STEPS} killed, on ${runtime}`, runtime, paths: [KILL] })),
  ];
}

const asked = RUNTIMES.filter((name) => name === process.env.PARTWAY_RUNTIME);
const GROUPS = [
  ...['tests/unit', 'tests/runtime'].map(folder),
  ...RUNTIMES.map((runtime) => ({
    name: `tests/embedded, on ${runtime}`,
    paths: ['tests/embedded'],
    runtime,
    lanes: LANES,
  })),
  ...['tests/faults', 'tests/judges'].map(folder),
  ...RUNTIMES.map((runtime) => ({
    name: `${DOCTOR}, on ${runtime}`,
    // What it finds is the same on each; whether it can look is not.
    paths: [runtime === 'bun' ? DOCTOR : `./${DOCTOR}/healthy.test.ts`],
    runtime,
    lanes: LANES,
  })),
  ...[apiGroups, stepsGroups].flatMap((groups) => groups(asked.length ? asked : RUNTIMES)),
  // Most of their time is a wire that is held slow.
  { ...folder('tests/browser'), lanes: 2 },
  folder('tests/package'),
];

const count = (xml: string, name: string) =>
  Number(new RegExp(`<testsuites[^>]* ${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);

/** Names of the tests that failed, so that the last lines of a long run tell them. */
const failuresIn = (xml: string) =>
  [...xml.matchAll(/<testcase name="([^"]*)"[^>]*file="([^"]*)"[^>]*>\s*<failure/g)].map(
    ([, name, file]) => `FAILED ${file}: ${name}`,
  );

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const told = ({ passed, failed, skipped }: Counts) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** What it prints goes to the terminal, or into the file `output`. */
async function run(
  { name, paths, runtime, lanes }: Group,
  report: string,
  output?: string,
): Promise<Counts & { failures: string[] }> {
  console.log(`\n# ${name}`);
  const command = ['test', ...paths, `--timeout=${LIMIT}`, '--reporter=junit', `--reporter-outfile=${report}`];
  if (lanes) command.push(`--parallel=${lanes}`);
  const env = { ...process.env, ...(runtime && { PARTWAY_RUNTIME: runtime }) };
  const terminal = output === undefined ? 'inherit' : openSync(output, 'w');
  const child = Bun.spawn([process.execPath, ...command], { env, stdio: ['ignore', terminal, terminal] });
  const code = await child.exited;
  const xml = await Bun.file(report)
    .text()
    .catch(() => '');
  const [all, failures, skipped] = [count(xml, 'tests'), count(xml, 'failures'), count(xml, 'skipped')];
  // A group that could not even be loaded has failed too.
  const failed = Math.max(failures, code === 0 ? 0 : 1);
  return { passed: Math.max(0, all - failures - skipped), failed, skipped, failures: failuresIn(xml) };
}

const chromium = await installChromium();
if (!chromium.ok) console.log(`The browser suite is skipped: ${chromium.why}`);

const wanted = process.argv.slice(2);
const chosen = wanted.flatMap((path) => {
  const groups = GROUPS.filter(({ name }) => name.split(/[ ,]/)[0] === path);
  return groups.length ? groups : [folder(path)];
});
const clearSeed = await sowSeed();
const reports = mkdtempSync(join(tmpdir(), 'partway-reports-'));
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
const failed: string[] = [];

/** One group after the other; beside another track each group's output comes in one piece, at its end. */
async function track(groups: Group[], beside: boolean): Promise<void> {
  for (const group of groups) {
    const startedAt = performance.now();
    const report = join(reports, `${GROUPS.indexOf(group)}.xml`);
    const output = beside ? `${report}.log` : undefined;
    const part = await run(group, report, output);
    if (output) console.log(`\n# ${group.name}: all it said\n${readFileSync(output, 'utf8')}`);
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += part[key];
    failed.push(...part.failures.map((failure) => `${failure}, ${group.name}`));
    lines.push(`${group.name}: ${told(part)}, ${Math.round((performance.now() - startedAt) / 1000)} s`);
  }
}
if (wanted.length) await track(chosen, false);
else {
  // Most of either's time is waiting: for a wire that is held slow, for a lease to end.
  const waits = (group: Group) => /^tests\/(browser|package|steps)/.test(group.name);
  await Promise.all([
    track(GROUPS.filter(waits), true),
    track(
      GROUPS.filter((group) => !waits(group)),
      true,
    ),
  ]);
}
clearSeed();
rmSync(reports, { recursive: true });
console.log(`\n${[...lines, '', ...failed].join('\n')}\n\n${told(total)}`);
process.exit(total.failed || (process.env.PARTWAY_NO_SKIP && total.skipped) ? 1 : 0);
