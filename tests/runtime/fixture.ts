/** A probe in each runtime, and ways to talk to it that no HTTP client smooths over. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { commandFor, ROOT, type Runtime } from '../runtime.ts';

export interface Seen {
  aborted: number;
  cut: number;
  whole: number;
  pulled: number;
  taken: number;
  begun: number;
  cancelled: number;
}

export interface Probe {
  port: number;
  url: string;
  child: ChildProcess;
  seen(): Promise<Seen>;
  /** Resolves when the probe has seen what is wished; rejects after 20 s. */
  until(wish: (seen: Seen) => boolean): Promise<Seen>;
  /** SIGTERM; resolves when it is stopping. */
  halt(): Promise<void>;
  /** Resolves to its exit code and whether it said that it had stopped; kills it after 20 s. */
  end(): Promise<{ code: number | null; stopped: boolean }>;
}

const LIMIT = 20_000;

/** `before` goes before the command, as `setpriv` and its options do. */
export function spawnProbe(runtime: Runtime, args: string[] = [], before: string[] = []): ChildProcess {
  const [program, rest] = commandFor('tests/runtime/probe.ts', args, runtime);
  const [first, ...all] = [...before, program, ...rest];
  return spawn(first!, all, { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
}

export async function startProbe(runtime: Runtime, args: string[] = []): Promise<Probe> {
  const child = spawnProbe(runtime, args);
  const exited = once(child, 'close');
  let said = '';
  child.stdout!.on('data', (text) => {
    said += text;
  });
  await Promise.race([once(child.stdout!, 'data'), exited]);
  const port = Number(said);
  if (!port) throw new Error(`the probe did not start: ${said}`);
  said = '';
  const url = `http://127.0.0.1:${port}`;
  const seen = async () => (await (await fetch(`${url}/seen`)).json()) as Seen;
  return {
    port,
    url,
    child,
    seen,
    async until(wish) {
      for (const deadline = performance.now() + LIMIT; ; await Bun.sleep(10)) {
        const now = await seen();
        if (wish(now)) return now;
        if (performance.now() > deadline) throw new Error(`waited in vain: ${JSON.stringify(now)}`);
      }
    },
    async halt() {
      child.kill('SIGTERM');
      while (!said.includes('stopping')) await Promise.race([once(child.stdout!, 'data'), exited]);
    },
    async end() {
      const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT);
      await exited;
      clearTimeout(limit);
      return { code: child.exitCode, stopped: said.includes('stopped') };
    },
  };
}

/** A connection that sends what it is told and keeps what comes. */
export async function talk(port: number) {
  const socket: Socket = connect(port, '127.0.0.1');
  let heard = '';
  let closed = false;
  socket.on('data', (bytes) => {
    heard += bytes.toString('latin1');
  });
  socket.on('error', () => {});
  socket.once('close', () => {
    closed = true;
  });
  await once(socket, 'connect');
  return {
    socket,
    heard: () => heard,
    closed: () => closed,
    send: (text: string | Uint8Array) => new Promise<void>((resolve) => socket.write(text, () => resolve())),
    /** Resolves when what came matches; rejects after 20 s. */
    async hears(words: RegExp): Promise<string> {
      for (const deadline = performance.now() + LIMIT; !words.test(heard); await Bun.sleep(5))
        if (performance.now() > deadline) throw new Error(`never heard ${words}; ${closed ? 'closed; ' : ''}${heard}`);
      return heard;
    },
    async ends(): Promise<string> {
      for (const deadline = performance.now() + LIMIT; !closed; await Bun.sleep(5))
        if (performance.now() > deadline) throw new Error(`never closed: ${heard}`);
      return heard;
    },
  };
}
