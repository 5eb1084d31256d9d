import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './ports.ts';
import { commandFor, ROOT, type Runtime } from './runtime.ts';
import { makeFolder, seededFolder } from './seed.ts';

const START_MS = 60_000;

export interface ServerOptions {
  env?: Record<string, string>;
  args?: string[];
  port?: number;
  /** Kept when given; else a temporary folder that goes with `stop()`. */
  dataDir?: string;
  cwd?: string;
  /** Default: the one under test. */
  runtime?: Runtime;
  /** Of the runtime. */
  flags?: string[];
}

export type Server = Awaited<ReturnType<typeof startServer>>;

const ours =
  /^(PORT|HOST|DATABASE_URL|DEFAULT_PROVIDER|KEY_PREFIX|PUBLIC_BASE_URL|PARTWAY_SECRET.*|ALLOWED_ORIGINS|PART_DIGEST|DATA_DIR|BUCKET_PORT|JANITOR_SECONDS|RETENTION_DAYS|MAX_.*|ALLOWED_CONTENT_TYPES|S3_.*|R2_.*|WEBHOOK_.*|JWT_.*|JWKS_URL|RATE_LIMIT.*|TRUSTED_PROXY|LOG_LEVEL|METRICS_TOKEN|ALLOW_REQUEST_CREDENTIALS)$/;

/** The environment without any setting of ours, so that a test says all that its server sees. */
export const plainEnv = (env: Record<string, string> = {}): Record<string, string> => ({
  ...(Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name))) as Record<string, string>),
  ...env,
});

/** Runs `server/main.ts` in a process and the runtime of its own; resolves once it says that it listens. */
export async function startServer(options: ServerOptions = {}) {
  const [free, bucketPort] = await freePorts(2);
  const port = options.port ?? free!;
  const dataDir = options.dataDir ?? (options.env?.DATABASE_URL ? makeFolder() : seededFolder());
  const env = plainEnv({ PORT: String(port), BUCKET_PORT: String(bucketPort), DATA_DIR: dataDir, ...options.env });
  let output = '';
  let child: ChildProcess;
  let exited: Promise<number | null>;

  async function start(): Promise<void> {
    const { args = ['--dev'], runtime, flags } = options;
    child = spawn(...commandFor(join(ROOT, 'server/main.ts'), args, runtime, flags), {
      cwd: options.cwd ?? ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    output = '';
    exited = new Promise((resolve) => child.once('exit', resolve));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server did not start:\n${output}`)), START_MS);
      const read = (chunk: Buffer) => {
        output += chunk;
        if (!/^Partway +http/m.test(output)) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout!.on('data', read);
      child.stderr!.on('data', read);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the server exited with ${code}:\n${output}`));
      });
    });
  }
  const clear = () => options.dataDir ?? rmSync(dataDir, { recursive: true, force: true });
  await start().catch((error) => {
    clear();
    throw error;
  });

  return {
    port,
    url: `http://localhost:${port}`,
    dataDir,
    bucketPort: bucketPort!,
    output: () => output,
    pid: () => child.pid!,
    /** As when the machine's memory runs out: no handler runs. */
    async kill(): Promise<void> {
      child.kill('SIGKILL');
      await exited;
    },
    /** On the same folder and port. */
    restart: start,
    /** Asks it to stop; resolves to its exit code. */
    async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const code = await exited;
      clear();
      return code;
    },
  };
}
