import { expect, test } from 'bun:test';
import { barChart } from '../bench/bars.ts';
import { lineChart } from '../bench/chart.ts';
import { withSection } from '../bench/section.ts';
import { sharesOf } from '../bench/shares.ts';

const chart = { title: 'Cost', along: 'parts', places: ['10', '100'], unit: 'µs' };
/** The points of each line, the key's own apart. */
const linesOf = (svg: string) =>
  [...svg.matchAll(/class="line"[^>]* d="M([^"h]*)"/g)].map(([, points]) =>
    points!.split('L').map((point) => point.split(' ').map(Number) as [number, number]),
  );

test('a chart has a point for every number, the larger the higher', () => {
  const [falling, level] = linesOf(
    lineChart({
      ...chart,
      series: [
        { name: 'falling', values: [900, 20] },
        { name: 'level', values: [90, 90] },
      ],
    }),
  );
  expect(falling!.map(([x]) => x)).toEqual(level!.map(([x]) => x));
  expect(falling![0]![1]).toBeLessThan(level![0]![1]);
  expect(falling![1]![1]).toBeGreaterThan(level![1]![1]);
  expect(level![0]![1]).toBe(level![1]![1]);
});

test('a chart of equal numbers, and words that are markup elsewhere, stay a chart', () => {
  const svg = lineChart({ ...chart, series: [{ name: 'a < b & c', values: [100, 100] }] });
  expect(svg).not.toContain('NaN');
  expect(svg).toContain('a &lt; b &amp; c');
});

test('a bar is as long as the median of its values, and the line stands where they would be 1', () => {
  const bars = [
    { name: 'twice', values: [9, 2, 1.5] },
    { name: 'as long & no longer', values: [1] },
  ];
  const svg = barChart({ title: 'Time', one: 'the bare loop', groups: [{ name: 'one file', bars }] });
  const [twice, once] = [...svg.matchAll(/width="([\d.]+)" height/g)].map(([, width]) => Number(width));
  expect(twice! / once!).toBeCloseTo(2, 1);
  const [line] = /class="one" d="M([\d.]+)/.exec(svg)!.slice(1).map(Number);
  const [left] = /<rect x="(\d+)"/.exec(svg)!.slice(1).map(Number);
  expect(line! - left!).toBeCloseTo(once!, 1);
  expect(svg).toContain('as long &amp; no longer');
});

test('a command fills its own section of a page and nothing beside it', () => {
  const page = 'a\n<!-- one -->\nold\n<!-- /one -->\nb\n<!-- two -->\n<!-- /two -->\n';
  const filled = withSection(page, 'one', 'new\n');
  expect(filled).toBe('a\n<!-- one -->\n\nnew\n\n<!-- /one -->\nb\n<!-- two -->\n<!-- /two -->\n');
  expect(withSection(filled, 'one', 'new')).toBe(filled);
  expect(withSection(page, 'three', 'new')).toBe(page);
});

test('the time of what is called counts for the room that calls it, and idling for nobody', () => {
  const frame = (functionName: string, url = '') => ({ functionName, url });
  const nodes = [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 4, 8] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('start', 'file:///server/main.ts') },
    { id: 4, callFrame: frame('signParts', 'file:///server/session/sign.ts'), children: [5, 7] },
    { id: 5, callFrame: frame('presign', 'file:///server/bucket/presign.ts'), children: [6] },
    { id: 6, callFrame: frame('createHmac', 'node:crypto') },
    { id: 7, callFrame: frame('stringify') },
    { id: 8, callFrame: frame('write', 'node:net') },
  ];
  const samples = [3, 3, 4, 2, 6, 5, 7, 8, 4, 3];
  const shares = sharesOf({ nodes, samples, timeDeltas: samples.map(() => 10) }, /session\/sign/);
  expect(Object.fromEntries(shares)).toEqual({
    'signature of URLs': 2 / 6,
    session: 2 / 6,
    JSON: 1 / 6,
    'runtime: sockets, streams, scheduling': 1 / 6,
  });
});
