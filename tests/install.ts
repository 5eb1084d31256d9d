/**
 * Brings what the tests need and npm does not carry: `bun tests/install.ts chromium firefox webkit ceph peers`. Installs by apt where that is
 * possible (root on Debian or Ubuntu), the peers by npm, says so in one line, and changes nothing where all is there.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChrome, findFirefox, findWebKit } from './browser/executable.ts';
import { cephInstalled } from './judges/ceph.ts';
import { ROOT } from './runtime.ts';

export type Installed = { ok: true; path: string } | { ok: false; why: string };

interface Need {
  name: string;
  packages: string[];
  /** Where it is, if it is there. */
  find: () => string | undefined;
  /** What it says something about itself to; `--version` unless told. */
  question?: string;
  /** What a person can do where apt cannot. */
  advice: string;
}

const CHROMIUM: Need = {
  name: 'Chromium',
  packages: ['chromium'],
  find: findChrome,
  advice: 'install Chromium or Chrome, or set CHROME_PATH',
};

const FIREFOX: Need = {
  name: 'Firefox',
  packages: ['firefox-esr'],
  find: findFirefox,
  advice: 'install Firefox ESR',
};

const WEBKIT: Need = {
  name: 'WebKitGTK',
  packages: ['webkit2gtk-driver', 'xvfb'],
  find: () => findWebKit()?.driver,
  question: '--help',
  advice: 'install webkit2gtk-driver and xvfb',
};

const CEPH: Need = {
  name: 'Ceph',
  packages: ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-common'],
  find: () => (cephInstalled() ? Bun.which('radosgw')! : undefined),
  advice: 'install radosgw, ceph-mon, ceph-osd and ceph-common',
};

/** What apt-get complained of, or undefined if it went well. */
function apt(...args: string[]): string | undefined {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr } = spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    env,
    encoding: 'utf8',
  });
  return status === 0 ? undefined : `apt-get ${args[0]}: ${stderr.trim().split('\n').at(-1)}`;
}

/** The executable must run: Ubuntu's package of that name is a pointer to a snap, which needs more than apt. */
function runs(path: string, question = '--version'): boolean {
  return spawnSync(path, [question], { stdio: 'ignore' }).status === 0;
}

function install({ name, packages, find, question, advice }: Need): Installed {
  const there = find();
  if (there) return { ok: true, path: there };
  if (process.getuid?.() !== 0 || !Bun.which('apt-get')) return { ok: false, why: `${name} is missing: ${advice}` };
  console.log(`${name} is missing: installing it with apt-get…`);
  const complaint = apt('update') ?? apt('install', '-y', '--no-install-recommends', ...packages);
  if (complaint) return { ok: false, why: `${name} is missing, and ${complaint}` };
  const path = find();
  return path && runs(path, question)
    ? { ok: true, path }
    : { ok: false, why: `${name} was installed and does not run: ${advice}` };
}

export async function installChromium(): Promise<Installed> {
  const told = process.env.CHROME_PATH;
  if (told && !findChrome()) return { ok: false, why: `CHROME_PATH names ${told}, which is not there` };
  return install(CHROMIUM);
}

export async function installFirefox(): Promise<Installed> {
  return install(FIREFOX);
}

export async function installWebKit(): Promise<Installed> {
  return install(WEBKIT);
}

export async function installCeph(): Promise<Installed> {
  return install(CEPH);
}

const PEERS = join(ROOT, 'tests/judges/peers');

/** What else uploads, for the fault matrix: each in a package of its own, as two majors of one do not go into one. */
export async function installPeers(): Promise<Installed> {
  for (const name of ['uppy5', 'uppy6', 'tus']) {
    const folder = join(PEERS, name);
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const there = Object.entries(dependencies).every(([dependency, version]) => {
      const path = join(folder, 'node_modules', dependency, 'package.json');
      return existsSync(path) && JSON.parse(readFileSync(path, 'utf8')).version === version;
    });
    if (there) continue;
    console.log(`${name} is missing: installing it with npm…`);
    const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) return { ok: false, why: `${name} is missing, and npm ci: ${stderr?.trim().split('\n').at(-1)}` };
  }
  return { ok: true, path: PEERS };
}

if (import.meta.main) {
  const installers: Record<string, () => Promise<Installed>> = {
    chromium: installChromium,
    firefox: installFirefox,
    webkit: installWebKit,
    ceph: installCeph,
    peers: installPeers,
  };
  for (const name of process.argv.slice(2)) {
    const installed: Installed = await (installers[name]?.() ?? {
      ok: false,
      why: `nothing to install is called ${name}`,
    });
    console.log(installed.ok ? `${name}: ${installed.path}` : installed.why);
    if (!installed.ok) process.exitCode = 1;
  }
}
