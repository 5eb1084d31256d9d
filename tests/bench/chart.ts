/** Charts from numbers alone, readable on light and dark pages. */

export interface Series {
  name: string;
  /** One for each place along the axis. */
  values: number[];
}

export interface Chart {
  title: string;
  /** What stands along the axis, as `parts of the upload`. */
  along: string;
  places: string[];
  /** Of the values. */
  unit: string;
  series: Series[];
}

const WIDTH = 720;
const HEIGHT = 400;
const PLOT = { left: 90, right: WIDTH - 20, top: 70, bottom: HEIGHT - 60 };
const COLOURS = ['#2f81f7', '#d4a72c', '#3fb950', '#db61a2', '#8b949e'];
const MARKS = ['', '6 3', '2 3', '9 3 2 3', '1 5'];

export const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
export const tidy = (value: number) => Number(value.toFixed(1));

/** One line for each series; places at equal distances, values on a scale of powers of ten, since they differ by orders. */
export function lineChart({ title, along, places, unit, series }: Chart): string {
  const values = series.flatMap((one) => one.values);
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const x = (at: number) => tidy(PLOT.left + ((PLOT.right - PLOT.left) * (at + 0.5)) / places.length);
  const y = (value: number) =>
    tidy(PLOT.bottom - ((PLOT.bottom - PLOT.top) * (Math.log10(value) - low)) / (high - low));
  const text = (left: number, top: number, anchor: string, words: string) =>
    `<text x="${left}" y="${top}" text-anchor="${anchor}">${escaped(words)}</text>`;

  const scale = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step)).flatMap((value) => [
    `<path class="grid" d="M${PLOT.left} ${y(value)}H${PLOT.right}"/>`,
    text(PLOT.left - 8, y(value) + 4, 'end', `${Number(value.toPrecision(1)).toLocaleString('en')} ${unit}`),
  ]);
  const axis = places.map((place, at) => text(x(at), PLOT.bottom + 20, 'middle', place));
  const lines = series.flatMap(({ name, values }, at) => {
    const stroke = `stroke="${COLOURS[at % COLOURS.length]}" stroke-dasharray="${MARKS[at % MARKS.length]}"`;
    const left = PLOT.left + (at * (PLOT.right - PLOT.left)) / series.length;
    return [
      `<path class="line" ${stroke} d="M${values.map((value, place) => `${x(place)} ${y(value)}`).join('L')}"/>`,
      `<path class="line" ${stroke} d="M${tidy(left)} 50h24"/>`,
      text(tidy(left + 30), 54, 'start', name),
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
<title>${escaped(title)}</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #57606a }
.grid { stroke: #8884; fill: none }
.line { stroke-width: 2; fill: none }
@media (prefers-color-scheme: dark) { text { fill: #9da7b1 } }
</style>
${[text(PLOT.left, 26, 'start', title), ...scale, ...axis, text((PLOT.left + PLOT.right) / 2, HEIGHT - 14, 'middle', along), ...lines].join('\n')}
</svg>
`;
}
