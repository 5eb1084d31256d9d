/** What people, janitors and time may do to a few uploads, and what becomes of them; see states.test.ts. */

import { expect } from 'bun:test';
import { createApp, type Deps } from '../../server/index.ts';
import { runRound } from '../../server/janitor/janitor.ts';
import { type Answer, cut, digestsFor, objectDigest, put, random } from '../api/client.ts';
import type { Ground } from './ground.ts';
import { SIZE } from './scenarios.ts';
import { type Moment, stepwise, type Watch } from './step.ts';

export type Call = 'init' | 'sign' | 'resume' | 'pause' | 'complete' | 'abort' | 'claim';

/** `stand`: the call stands still there, and goes on with a `wake`, or never. */
export interface Stand {
  at: number;
  moment: Moment;
}
export type Deed =
  | { do: Call; slot: number; server: number; stand?: Stand | undefined; digest: boolean }
  | { do: 'janitor'; server: number; stand?: Stand | undefined }
  | { do: 'put'; slot: number; part: number; wrong: boolean }
  | { do: 'expire'; slot: number }
  | { do: 'pass' }
  | { do: 'wake' };

interface Slot {
  key: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** As the store has it. */
  parts: Uint8Array<ArrayBuffer>[];
  urls: { url: string; headers: Record<string, string> }[];
  token?: string | undefined;
  sessionId?: string;
  over: boolean;
}

const UNIT = 1024;
/** Whoever has taken so many steps waits for somebody's lease: it runs out. */
const PATIENT_STEPS = 7;
const KEPT_DAYS = 30;

const freshSlot = (): Slot => {
  const bytes = random(SIZE);
  return { key: crypto.randomUUID(), bytes, parts: [], urls: [], over: false };
};

export function beginLife(ground: Ground, servers: Deps[], user: string) {
  const slots = Array.from({ length: 3 }, freshSlot);
  const standing: { go: () => void; ended: Promise<void> }[] = [];
  /** What was called done, by key. */
  const verified = new Map<string, Uint8Array>();

  async function call(watch: Watch, server: number, name: Call, slot: Slot, digest: boolean): Promise<void> {
    const parts = digestsFor(slot.bytes, UNIT);
    const token = { resumeToken: slot.token };
    const bodies: Record<Call, object> = {
      init: { filename: 'a', fileSize: SIZE, contentType: 'a/b', partSize: UNIT },
      sign: { ...token, parts: [], reconcile: digest },
      resume: token,
      pause: token,
      complete: { ...token, ...(digest && { objectDigest: objectDigest(parts) }) },
      abort: token,
      claim: { sessionId: slot.sessionId },
    };
    const response = await createApp(stepwise(servers[server]!, watch)).request(`/api/v1/upload/multipart/${name}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-user': user,
        ...(name === 'init' && { 'idempotency-key': slot.key }),
      },
      body: JSON.stringify(bodies[name]),
    });
    // biome-ignore lint/suspicious/noExplicitAny: the answer of any call
    const body = (await response.json()) as Answer<any>['body'];
    expect([name, body, response.status === 500]).toEqual([name, body, false]);
    if (response.status !== 200) {
      if (/UPLOAD_(ABORTED|EXPIRED|ALREADY_COMPLETED)|DIGEST_MISMATCH/.test(body.error!)) slot.over = true;
      return;
    }
    if (name === 'init')
      Object.assign(slot, { urls: body.partUrls, token: body.resumeToken, sessionId: body.sessionId });
    if (name === 'claim') slot.token = body.resumeToken;
    if (name !== 'complete' && name !== 'abort') return;
    slot.over = true;
    const [row] = await ground.sql`select status from multipart_uploads where id = ${slot.sessionId!}`;
    expect([name, row?.status]).toEqual([name, name === 'abort' ? 'aborted' : 'completed']);
    if (name === 'complete') verified.set(body.fileKey, digest ? slot.bytes : Buffer.concat(slot.parts));
  }

  const round = (deps: Deps) => runRound(deps, { retentionDays: KEPT_DAYS, always: true });

  /** Resolves when `work` has ended or stands still. */
  async function attempt(stand: Stand | undefined, work: (watch: Watch) => Promise<unknown>): Promise<void> {
    let step = -1;
    let stood = false;
    const { promise: stands, resolve: arrive } = Promise.withResolvers<void>();
    const { promise: woken, resolve: go } = Promise.withResolvers<void>();
    const watch: Watch = async (_, moment) => {
      if (moment === 'before' && ++step > PATIENT_STEPS && step % 2 === 0) await ground.passLeases();
      if (stood) await woken;
      if (step !== stand?.at || moment !== stand.moment) return;
      stood = true;
      arrive();
      await woken;
    };
    const ended = work(watch).then(() => {});
    await Promise.race([ended, stands]);
    if (stood) standing.push({ go, ended });
  }

  async function wake(): Promise<void> {
    const one = standing.shift();
    one?.go();
    await one?.ended;
  }

  async function perform(deed: Deed): Promise<void> {
    if (deed.do === 'janitor') return attempt(deed.stand, (watch) => round(stepwise(servers[deed.server]!, watch)));
    if (deed.do === 'pass') return ground.passLeases();
    if (deed.do === 'wake') return wake();
    if (deed.do === 'init' && slots[deed.slot]!.over) slots[deed.slot] = freshSlot();
    const slot = slots[deed.slot]!;
    if (deed.do === 'init') return attempt(deed.stand, (watch) => call(watch, deed.server, 'init', slot, false));
    if (!slot.token) return;
    if (deed.do === 'expire')
      return void (await ground.sql`update multipart_uploads set expires_at = now() where id = ${slot.sessionId!}`);
    if (deed.do === 'put') {
      const part = deed.wrong ? random(deed.part === 2 ? SIZE % UNIT : UNIT) : cut(slot.bytes, UNIT)[deed.part]!;
      const { status } = await put(slot.urls[deed.part]!, part);
      if (status === 200) slot.parts[deed.part] = part;
      return;
    }
    return attempt(deed.stand, (watch) => call(watch, deed.server, deed.do as Call, slot, deed.digest));
  }

  /** Nothing that was called done has gone or changed. */
  async function expectVerified(): Promise<void> {
    for (const [key, bytes] of verified) expect(await ground.isWhole(key, bytes)).toBe(true);
  }

  /** The janitors alone, until nothing is left to be done. */
  async function settle(): Promise<void> {
    for (const deps of servers) {
      await ground.passLeases();
      expect(await round(deps)).toMatchObject({ postponed: 0 });
    }
  }

  return { perform, wake, settle, expectVerified, isAsleep: () => standing.length > 0 };
}
