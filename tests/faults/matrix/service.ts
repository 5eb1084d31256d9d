/** The process on the server's side of each uploader, which can be killed and started again on the same port and data. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Digests, fileDigests } from '../../bytes.ts';
import type { SignerOptions } from '../../judges/peers/signer.ts';
import { freePort } from '../../ports.ts';
import { commandFor, ROOT, type Runtime } from '../../runtime.ts';
import { startServer } from '../../server.ts';

/** Where a service finds its bucket: behind the proxy, so that URLs signed for it lead through that. */
export type Bucket = Omit<SignerOptions, 'port'>;

export interface Service {
  port: number;
  kill(): Promise<unknown>;
  restart(): Promise<unknown>;
  stop(): Promise<unknown>;
  /** Finished files that lie with itself and not in the bucket. */
  files?(): Promise<Digests[]>;
  /** Takes them away. */
  empty?(): Promise<unknown>;
}

export interface Ground {
  bucket: Bucket;
  /** Its own, and gone after the cell. */
  folder: string;
  /** Where the page comes from. */
  origin: string;
}

export const startOurs = ({ bucket, origin }: Ground): Promise<Service> =>
  startServer({
    env: {
      S3_ENDPOINT: bucket.endpoint,
      S3_ACCESS_KEY: bucket.accessKey,
      S3_SECRET_KEY: bucket.secretKey,
      S3_BUCKET: bucket.bucket,
      ALLOWED_ORIGINS: origin,
    },
  });

/** Runs `file`, which says one line when it listens. */
async function run(file: string, args: string[], port: number, runtime: Runtime): Promise<Service> {
  const begin = async () => {
    const child = spawn(...commandFor(join(ROOT, file), args, runtime), { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    await Promise.race([
      once(child.stdout, 'data'),
      exited.then(() => Promise.reject(new Error(`${file} ended at its start`))),
    ]);
    return async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await exited;
    };
  };
  let end = await begin();
  return {
    port,
    kill: () => end('SIGKILL'),
    async restart() {
      end = await begin();
    },
    stop: () => end('SIGKILL'),
  };
}

export async function startSigner({ bucket }: Ground): Promise<Service> {
  const port = await freePort();
  const options: SignerOptions = { port, ...bucket };
  return run('tests/judges/peers/signer.ts', [JSON.stringify(options)], port, 'bun');
}

export async function startTus({ folder }: Ground): Promise<Service> {
  const [port, files] = [await freePort(), join(folder, 'files')];
  mkdirSync(files);
  const service = await run('tests/judges/peers/tus/server.ts', [String(port), files], port, 'node');
  return {
    ...service,
    async empty() {
      for (const name of readdirSync(files)) rmSync(join(files, name));
    },
    async files() {
      const names = existsSync(files) ? readdirSync(files).filter((name) => !name.endsWith('.json')) : [];
      const all = names.map(async (name) => ({
        wanted: (await Bun.file(join(files, `${name}.json`)).json()).size as number,
        digests: await fileDigests(join(files, name)),
      }));
      return (await Promise.all(all)).filter(({ wanted, digests }) => digests.size >= wanted).map((it) => it.digests);
    },
  };
}
