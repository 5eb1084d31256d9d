/** `npm run check`: the fast one, before a commit. */
const CHECKS: [name: string, ...command: string[]][] = [
  ['format and lint', 'node_modules/.bin/biome', 'check', '.'],
  ['types', 'node_modules/.bin/tsc'],
  ['unit tests', process.execPath, 'test', 'tests/unit', '--timeout=180000'],
  ['size', process.execPath, 'tests/size.ts'],
];

let failed = false;
for (const [name, ...command] of CHECKS) {
  console.log(`# ${name}`);
  const child = Bun.spawn(command, { stdio: ['ignore', 'inherit', 'inherit'] });
  if ((await child.exited) === 0) continue;
  failed = true;
}
process.exit(failed ? 1 : 0);

export {};
