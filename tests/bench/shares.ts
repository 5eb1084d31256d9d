/** Where the time of a CPU profile went, by the rooms of the server. */

/** As Chromium's tools write it; times in microseconds. */
export interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string }; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
}

type Frame = Profile['nodes'][number]['callFrame'];

/** The first that fits names the room; a frame of none of them belongs to whoever called it. */
const ROOMS: [room: string, url: RegExp][] = [
  ['signature of URLs', /server\/(signature\/|bucket\/presign|session\/urls)/],
  ['tokens and who asks', /server\/(token|session\/caller|identity\/)/],
  ['database', /server\/database\/|node_modules\/postgres\//],
  ['validation', /server\/routes\/|node_modules\/zod\//],
  ['log, metrics, limits', /server\/(log|health|rate)\/|node_modules\/prom-client\//],
  ['session', /server\/(session|contract)\//],
  ['HTTP', /server\/(http\/|app\.ts|main\.ts)|node_modules\/hono\/|^node:(_http|http)|^node:internal\/deps\/undici/],
];
const JSON_TEXT = /^(parse|stringify|json)$/;
const OUTSIDE = 'runtime: sockets, streams, scheduling';

/** The room of a stack, innermost frame first. */
function roomOf(stack: Frame[]): string {
  if (stack[0]?.functionName === '(garbage collector)') return 'garbage collection';
  if (stack[0] && !stack[0].url && JSON_TEXT.test(stack[0].functionName)) return 'JSON';
  for (const { url } of stack) for (const [room, place] of ROOMS) if (place.test(url)) return room;
  return OUTSIDE;
}

/**
 * Each room's share of the time in which anything ran, largest first. Only what lies between the first and the last
 * sample with a frame of `during` counts: the rest is the start of the process and its end.
 */
export function sharesOf({ nodes, samples, timeDeltas }: Profile, during: RegExp): [room: string, share: number][] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const stacks = new Map(
    nodes.map(({ id }) => {
      const stack: Frame[] = [];
      for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(byId.get(at)!.callFrame);
      return [id, stack] as const;
    }),
  );
  const within = new Set(
    nodes.filter(({ id }) => stacks.get(id)!.some(({ url }) => during.test(url))).map(({ id }) => id),
  );
  const [from, to] = [samples.findIndex((id) => within.has(id)), samples.findLastIndex((id) => within.has(id))];
  const spent = new Map<string, number>();
  let total = 0;
  for (let at = Math.max(0, from); at <= to; at++) {
    const stack = stacks.get(samples[at]!)!;
    if (stack[0]!.functionName === '(idle)') continue;
    const room = roomOf(stack);
    spent.set(room, (spent.get(room) ?? 0) + timeDeltas[at]!);
    total += timeDeltas[at]!;
  }
  return [...spent].map(([room, time]): [string, number] => [room, time / total]).sort(([, a], [, b]) => b - a);
}
