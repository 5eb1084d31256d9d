import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installChromium } from './install.ts';

/**
 * `npm test`: everything, in groups, each a process of its own, so that none inherits what another left behind.
 * Ends with `N passed, N failed, N skipped`; with PARTWAY_NO_SKIP a skip counts as a failure.
 */
const GROUPS = [
  'tests/unit',
  'tests/embedded',
  'tests/faults',
  'tests/judges',
  'tests/api',
  'tests/browser',
  'tests/package',
];
/** Milliseconds for a test that names no limit of its own. */
const LIMIT = 60_000;

const count = (xml: string, name: string) =>
  Number(new RegExp(`<testsuites[^>]* ${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);

async function run(group: string, reports: string): Promise<{ passed: number; failed: number; skipped: number }> {
  console.log(`\n# ${group}`);
  const report = join(reports, `${group.replaceAll('/', '-')}.xml`);
  const command = ['test', group, `--timeout=${LIMIT}`, '--reporter=junit', `--reporter-outfile=${report}`];
  const child = Bun.spawn([process.execPath, ...command], { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await child.exited;
  const xml = await Bun.file(report)
    .text()
    .catch(() => '');
  const [all, failures, skipped] = [count(xml, 'tests'), count(xml, 'failures'), count(xml, 'skipped')];
  // A group that could not even be loaded has failed too.
  const failed = Math.max(failures, code === 0 ? 0 : 1);
  return { passed: Math.max(0, all - failures - skipped), failed, skipped };
}

const chromium = await installChromium();
if (!chromium.ok) console.log(`The browser suite is skipped: ${chromium.why}`);

const wanted = process.argv.slice(2);
const reports = mkdtempSync(join(tmpdir(), 'partway-reports-'));
const total = { passed: 0, failed: 0, skipped: 0 };
for (const group of wanted.length ? wanted : GROUPS) {
  const part = await run(group, reports);
  total.passed += part.passed;
  total.failed += part.failed;
  total.skipped += part.skipped;
}
rmSync(reports, { recursive: true });
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed || (process.env.PARTWAY_NO_SKIP && total.skipped) ? 1 : 0);
