/** What befalls them, each the same for all. */

import { allowing, apiError, PORTAL, s3Error } from '../answers.ts';
import type { Answer, Predicate, Proxy as Wire } from '../proxy.ts';
import { type Conditions, CROWDED, LONG, MANY_PARTS, SLOW, USUAL } from './conditions.ts';
import type { Scene } from './scene.ts';

const MiB = 2 ** 20;
const AWAY_MS = 10_000;

export interface Interruption {
  title: string;
  conditions?: Conditions;
  /** Milliseconds after which the cell ends, whatever has become of it; 60 s unless told. */
  limit?: number;
  /** Before the file is picked. */
  before?(scene: Scene): unknown;
  /** When half of the file has gone up; resolves when it is over. */
  strike?(scene: Scene): Promise<unknown>;
  /** Nothing of the kind can befall an uploader for which this is true. */
  spares?(scene: Pick<Scene, 'uploader'>): boolean;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const both = ({ wire, web }: Scene): Wire[] => [wire, web];
const preflight: Predicate = ({ method }) => method === 'OPTIONS';
/** Sent by the browser: what a server asks of the bucket carries its signature in a header. */
const signed: Predicate = ({ query }) => query.includes('X-Amz-Signature=');
const fromBrowser: Predicate = (seen) => preflight(seen) || signed(seen);

/** True once for each part, or where there are no parts for each path. */
function oncePerPart(): Predicate {
  const met = new Set<string>();
  return ({ method, path, query, length }) => {
    const name = `${path} ${new URLSearchParams(query).get('partNumber')}`;
    if ((method !== 'PUT' && method !== 'PATCH') || length === 0 || met.has(name)) return false;
    met.add(name);
    return true;
  };
}

/** The second of the browser's requests and then every twentieth. */
function oneInTwenty(counts: Predicate): Predicate {
  let count = 0;
  return (seen) => !preflight(seen) && counts(seen) && count++ % 20 === 1;
}

const RETRY_AFTER = { 'retry-after': '1' };

/** As Amazon says it of a presigned URL. */
const EXPIRED: Answer = {
  ...s3Error(403, 'AccessDenied'),
  body: '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
};

export const conditionsOf = ({ conditions = USUAL }: Interruption): Conditions => conditions;

/** Nothing befalls anybody; the line may be slow. */
export const isCalm = ({ before, strike }: Interruption): boolean => !before && !strike;

/** Signed in an earlier second than `time`. */
const olderThan =
  (time: Date): Predicate =>
  (seen) => {
    const now = time.toISOString().replace(/[-:]|\.\d+/g, '');
    return !preflight(seen) && signed(seen) && (new URLSearchParams(seen.query).get('X-Amz-Date') ?? '') < now;
  };

/** An API is mostly of the page's own origin, where a page may read whatever a portal says. */
const readable = (origin: string): Answer => {
  const answer = allowing(origin, PORTAL);
  return {
    ...answer,
    headers: { ...answer.headers, 'access-control-allow-headers': '*', 'access-control-allow-methods': '*' },
  };
};

async function away(proxy: Wire): Promise<void> {
  await proxy.down();
  await sleep(AWAY_MS);
  await proxy.up();
}

export const INTERRUPTIONS: Interruption[] = [
  { title: 'none' },
  { title: 'line cut every 6 MiB', before: ({ line }) => line.cutEvery(6 * MiB) },
  {
    title: 'stall of 10 s',
    async strike(scene) {
      for (const proxy of both(scene)) proxy.set({ bytesPerSecond: 0 });
      await sleep(AWAY_MS);
      scene.wire.set({ bytesPerSecond: scene.bytesPerSecond });
      scene.web.set({ bytesPerSecond: scene.uploader.serverKeeps ? scene.bytesPerSecond : Number.POSITIVE_INFINITY });
    },
  },
  { title: 'reset at 90 % of each part', before: ({ line }) => line.harm(oncePerPart(), 'reset', 0.9) },
  { title: '1 Mbit/s with 300 ms', conditions: SLOW, limit: 100_000 },
  {
    title: '5 % of requests 503',
    conditions: MANY_PARTS,
    before({ wire, web, origin }) {
      wire.answer(oneInTwenty(signed), allowing(origin, s3Error(503, 'SlowDown', RETRY_AFTER)));
      web.answer(
        oneInTwenty(() => true),
        allowing(origin, apiError(503, 'SERVICE_BUSY', RETRY_AFTER)),
      );
    },
  },
  {
    title: 'URLs expire in mid-upload',
    conditions: MANY_PARTS,
    spares: ({ uploader }) => uploader.serverKeeps === true,
    strike: async ({ wire, origin }) => wire.answer(olderThan(new Date()), allowing(origin, EXPIRED)),
  },
  {
    title: 'captive portal for 10 s',
    async strike(scene) {
      const { wire, web, origin } = scene;
      const overs = [wire.answer(fromBrowser, PORTAL), web.answer(() => true, readable(origin))];
      for (const proxy of both(scene)) proxy.cut();
      await sleep(AWAY_MS);
      for (const over of overs) over();
    },
  },
  {
    title: 'offline for 10 s',
    async strike({ chrome, wire, web }) {
      await chrome.offline(true);
      // The browser itself sends again what was torn, below what DevTools holds back.
      const over = wire.harm(signed, 'reset', 0);
      wire.cut();
      await away(web);
      over();
      await chrome.offline(false);
    },
  },
  {
    title: 'page reloaded',
    spares: ({ uploader }) => uploader.closed === true,
    strike: ({ reload }) => reload(),
  },
  {
    title: 'tab closed',
    spares: ({ uploader }) => uploader.closed === true,
    async strike(scene) {
      await scene.page?.close();
      scene.page = undefined;
    },
  },
  {
    title: 'browser killed',
    conditions: LONG,
    limit: 80_000,
    async strike(scene) {
      await scene.chrome.kill();
      scene.page = undefined;
      await scene.relaunch();
    },
  },
  {
    title: 'server killed, back after 10 s',
    async strike({ service }) {
      await service.kill();
      await sleep(AWAY_MS);
      await service.restart();
    },
  },
  { title: 'bucket away for 10 s', strike: ({ line }) => away(line) },
  {
    title: 'room for 4 MiB on the device',
    conditions: CROWDED,
    // The page never says that it may be closed.
    spares: ({ uploader }) => uploader.closed === true,
  },
];

export const BASELINE = 'baseline';

/** What a calm line of each kind costs, where no row of the matrix tells. */
export const BASELINES: Interruption[] = [...new Set(INTERRUPTIONS.map(conditionsOf))]
  .filter((conditions) => !INTERRUPTIONS.some((it) => isCalm(it) && conditionsOf(it) === conditions))
  .map((conditions) => ({ title: BASELINE, conditions }));
