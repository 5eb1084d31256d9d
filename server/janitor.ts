#!/usr/bin/env node
import { argsOf } from './args.ts';
import { readConfig } from './config/config.ts';
import { StartError } from './fault.ts';
import { runRound } from './janitor/janitor.ts';
import { openDeps } from './open.ts';

const USAGE =
  'Usage: partway-janitor --once, or in a clone: npm run janitor -- --once, or deno task janitor --once. Every server has one of its own.';

/** `partway-janitor --once`: rounds of the janitor until nothing is due, and the comparison with the store; prints what each did. */
async function once(args: string[]): Promise<number> {
  if (args.join(' ') !== '--once') throw new StartError(USAGE);
  const config = readConfig(process.env);
  const { deps, close } = await openDeps({ ...config, janitorSeconds: 0 });
  try {
    for (;;) {
      const tally = await runRound(deps, { ...config, always: true });
      const told = Object.entries(tally).map(([what, count]) => `${what} ${count}`);
      console.log(told.join(', '));
      if (!tally.unfinished) return tally.postponed ? 1 : 0;
    }
  } finally {
    await close();
  }
}

try {
  process.exitCode = await once(argsOf(process.argv));
} catch (error) {
  console.error(error instanceof StartError ? error.message : `The janitor failed: ${(error as Error).message}`);
  process.exitCode = 1;
}
