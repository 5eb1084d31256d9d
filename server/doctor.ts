#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { argsOf } from './args.ts';
import { readConfig } from './config/config.ts';
import { checkup } from './doctor/checkup.ts';
import { machineText, tally, text } from './doctor/report.ts';
import { StartError } from './fault.ts';

/** `partway-doctor`: checks buckets and database as the server and as a browser; exit code 0 where nothing is at fault. */
const KNOWN = ['--dev', '--json', '--try-lifecycle'];

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () =>
    stop.abort(new StartError('Stopped before the end; what was written is removed, as far as the store lets it.')),
  );

async function run(flags: string[]): Promise<number> {
  const unknown = flags.find((flag) => !KNOWN.includes(flag));
  if (unknown) throw new StartError(`${unknown} is no option of the doctor; it knows ${KNOWN.join(', ')}.`);
  const dev = flags.includes('--dev');
  // Nothing is signed by it here, so none need be made and kept.
  const standIn = dev && { PARTWAY_SECRET: randomBytes(33).toString('base64') };
  const config = readConfig({ ...standIn, ...process.env }, dev ? ['--dev'] : []);
  const sections = await checkup(config, { signal: stop.signal, tryLifecycle: flags.includes('--try-lifecycle') });
  process.stdout.write(flags.includes('--json') ? machineText(sections) : text(sections));
  return tally(sections).faults ? 1 : 0;
}

let code = 1;
try {
  code = await run(argsOf(process.argv));
} catch (error) {
  console.error(error instanceof StartError ? error.message : `The doctor fell ill: ${(error as Error).message}`);
}
// Connections that are kept for a next request would hold it open.
process.exit(code);
