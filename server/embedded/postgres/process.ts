import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

/** The user a child process runs as; ids as in `/etc/passwd`. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** Whether process `pid` runs. A zombie does not: in a container whose first process reaps nobody, the dead keep their number. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return status(pid)?.[0] !== 'Z';
}

/** What tells process `pid` from a later one of the same number: boot and start time, as one opaque string; '' if it is gone. */
export function birth(pid: number): string {
  const ticks = status(pid)?.[19];
  if (ticks) return `${read('/proc/sys/kernel/random/boot_id').trim()} ${ticks}`;
  return ps(pid, 'lstart=');
}

/** The command line of process `pid` as one string, arguments apart by a NUL or a space; '' if it is gone. */
export function commandLine(pid: number): string {
  return read(`/proc/${pid}/cmdline`) || ps(pid, 'command=');
}

/**
 * Runs a program to its end in `/`, with none of this process's environment but PATH.
 * Rejects with a system error where it cannot be started at all.
 */
export function run(
  program: string,
  args: string[],
  account?: Account,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...surroundings(account), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** Spawn options shared by all our children. A clean environment, because PGDATA and its kin would bend PostgreSQL. */
export function surroundings(account?: Account) {
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };
  return { cwd: '/', env, ...(account && { uid: account.uid, gid: account.gid }) };
}

/** Fields of `/proc/<pid>/stat` after the name, which may itself hold spaces and brackets. */
function status(pid: number): string[] | undefined {
  const line = read(`/proc/${pid}/stat`);
  return line ? line.slice(line.lastIndexOf(')') + 2).split(' ') : undefined;
}

function ps(pid: number, column: string): string {
  const { stdout } = spawnSync('ps', ['-ww', '-o', column, '-p', String(pid)], { ...surroundings(), encoding: 'utf8' });
  return stdout?.trim() ?? '';
}

/** '' where there is none. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // Deno keeps /proc to itself unless it is allowed everything, and its refusal has no code. All runtimes must see the same, so ask a child.
    if ((error as NodeJS.ErrnoException).code !== undefined) return '';
    return spawnSync('cat', [file], { ...surroundings(), encoding: 'utf8' }).stdout ?? '';
  }
}
