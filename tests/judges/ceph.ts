/** A Ceph RGW on loopback, the S3 store nobody here wrote: one monitor, one OSD, one gateway, gone after `stop()`. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../ports.ts';
import { type CephPlace, cephConf, monAddress, RGW_NAME } from './ceph-conf.ts';

const PROGRAMS = ['ceph', 'monmaptool', 'ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin'];
const START_MS = 60_000;

export interface Ceph {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  region: string;
  /** Ends its daemons, waits until they are gone, and removes its folder. */
  stop(): Promise<void>;
}

export function cephInstalled(): boolean {
  return PROGRAMS.every((program) => Bun.which(program));
}

const run = promisify(execFile);

/** Daemons in the foreground, as children: nothing has to be looked up to end them, and Ctrl-C reaches them. */
function createDaemons(folder: string) {
  const daemons: { child: ChildProcess; ended: Promise<void> }[] = [];
  const killAll = () => {
    for (const { child } of daemons) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', killAll);

  return {
    start(program: string, args: string[]): ChildProcess {
      const child = spawn(program, [...args, '-f'], { stdio: 'ignore' });
      daemons.push({ child, ended: new Promise((resolve) => child.once('exit', () => resolve())) });
      return child;
    },
    /** Killed outright, for what they hold is thrown away: asked politely, the gateway alone takes 5 s. */
    async stop(): Promise<void> {
      for (const { child } of daemons) child.kill('SIGKILL');
      await Promise.all(daemons.map(({ ended }) => ended));
      process.off('exit', killAll);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Takes about 10 s. `smallestPart` in bytes, S3's own unless told, lets a test use many small parts. */
export async function startCeph({ smallestPart = 5 * 2 ** 20 } = {}): Promise<Ceph> {
  const folder = await mkdtemp(join(tmpdir(), 'partway-ceph-'));
  const [mon2, mon1, s3] = (await freePorts(3)) as [number, number, number];
  const place: CephPlace = { folder, fsid: randomUUID(), ports: { mon2, mon1, s3 }, smallestPart };
  const conf = join(folder, 'ceph.conf');
  const daemons = createDaemons(folder);
  const credentials = { accessKey: 'judge', secretKey: randomUUID() };
  const endpoint = `http://127.0.0.1:${s3}`;

  async function call(program: string, ...args: string[]): Promise<string> {
    try {
      return (await run(program, ['-c', conf, ...args], { timeout: START_MS })).stdout.trim();
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: string };
      throw new Error(`${program} ${args.join(' ')}: ${stderr?.trim() || message}`);
    }
  }

  async function answers(gateway: ChildProcess): Promise<void> {
    const deadline = performance.now() + START_MS;
    while (!(await fetch(endpoint).catch(() => undefined))?.ok) {
      if (gateway.exitCode !== null || performance.now() > deadline) {
        const log = await readFile(join(folder, `${RGW_NAME}.log`), 'utf8').catch(() => '');
        throw new Error(`the Ceph gateway does not answer:\n${log.slice(-2000)}`);
      }
      await Bun.sleep(50);
    }
  }

  try {
    await Promise.all([mkdir(join(folder, 'mon')), mkdir(join(folder, 'osd')), writeFile(conf, cephConf(place))]);
    const map = join(folder, 'monmap');
    await run('monmaptool', ['--create', '--fsid', place.fsid, '--addv', 'a', monAddress(place), map]);
    await call('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map);
    daemons.start('ceph-mon', ['-c', conf, '-i', 'a']);
    const disk = randomUUID();
    const osd = await call('ceph', 'osd', 'new', disk);
    await call('ceph-osd', '-i', osd, '--mkfs', '--osd-uuid', disk);
    daemons.start('ceph-osd', ['-c', conf, '-i', osd]);
    const { accessKey, secretKey } = credentials;
    const owner = `--uid=judge --display-name=judge --access-key=${accessKey} --secret-key=${secretKey}`;
    await call('radosgw-admin', '-n', RGW_NAME, 'user', 'create', ...owner.split(' '));
    await answers(daemons.start('radosgw', ['-c', conf, '-n', RGW_NAME]));
  } catch (error) {
    await daemons.stop();
    throw error;
  }
  return { endpoint, ...credentials, region: 'us-east-1', stop: daemons.stop };
}
