/** Bars beside each other from numbers alone, readable on light and dark pages. */

import { escaped, tidy } from './chart.ts';
import { median } from './rounds.ts';

export interface Bars {
  title: string;
  /** What 1 is, as `the bare loop`; a line stands there. */
  one: string;
  groups: { name: string; bars: { name: string; values: number[] }[] }[];
}

const [WIDTH, LEFT, RIGHT, HEAD, BAR, GAP] = [760, 170, 170, 56, 18, 34];

/** One bar as long as the median of its values, with a whisker from the least to the most. */
export function barChart({ title, one, groups }: Bars): string {
  const most = Math.max(1.2, ...groups.flatMap(({ bars }) => bars.flatMap(({ values }) => values)));
  const x = (value: number) => tidy(LEFT + ((WIDTH - LEFT - RIGHT) * value) / most);
  const text = (left: number, top: number, kind: string, words: string) =>
    `<text x="${left}" y="${top}" class="${kind}">${escaped(words)}</text>`;
  let y = HEAD;
  const drawn = groups.map(({ name, bars }) => {
    y += GAP;
    const head = text(12, y - 8, 'head', name);
    const rows = bars.map(({ name, values }) => {
      const [top, middle] = [y, y + BAR / 2];
      y += BAR;
      return [
        text(LEFT - 8, middle + 4, 'end', name),
        `<rect x="${LEFT}" y="${top + 2}" width="${tidy(x(median(values)) - LEFT)}" height="${BAR - 4}"/>`,
        `<path class="spread" d="M${x(Math.min(...values))} ${middle}H${x(Math.max(...values))}"/>`,
        text(x(Math.max(...values)) + 8, middle + 4, '', `${median(values).toFixed(2)}×`),
      ].join('');
    });
    return [head, ...rows].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 20}" role="img">
<title>${escaped(title)}</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #57606a }
.head { font-weight: 600 } .end { text-anchor: end } .mid { text-anchor: middle }
rect { fill: #2f81f7; fill-opacity: 0.6 }
.spread { stroke: #57606a; stroke-width: 2; fill: none } .one { stroke: #8888; stroke-dasharray: 4 3; fill: none }
@media (prefers-color-scheme: dark) { text { fill: #9da7b1 } .spread { stroke: #e6edf3 } }
</style>
${[text(12, 26, 'head', title), text(x(1), HEAD - 6, 'mid', one), `<path class="one" d="M${x(1)} ${HEAD}V${y + 4}"/>`, ...drawn].join('\n')}
</svg>
`;
}
