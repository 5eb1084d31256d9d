/** The matrix as a picture: an SVG of its own, readable in light and dark and without its colours. */

import type { Row } from './cell.ts';
import { actsOf, shown, timeOf } from './results.ts';

const [LABEL, WIDTH, HEIGHT, HEAD, GAP] = [206, 138, 40, 34, 3];

type Look = 'well' | 'helped' | 'lost' | 'none';

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .small { font-size: 10px; fill: #4a5159 } .head { font-weight: 600 } .mid { text-anchor: middle }
  .well { fill: #c8e6c9 } .helped { fill: #ffe9a8 } .lost { fill: #f6c1bd } .none { fill: none; stroke: #c8ccd1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #b6c0ca }
    .well { fill: #1d4d2b } .helped { fill: #5c4a0c } .lost { fill: #702a26 } .none { stroke: #444c56 }
  }`;

const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

function wordsOf(row: Row): { look: Look; word: string } {
  if (row.falselyDone) return { look: 'lost', word: '✕ false “done”' };
  if (row.arrived !== 'yes') return { look: 'lost', word: row.arrived === 'no' ? '✕ did not arrive' : '✕ wrong bytes' };
  return row.acts.length ? { look: 'helped', word: `◐ ${actsOf(row)}` } : { look: 'well', word: '● by itself' };
}

function figuresOf(rows: Row[], row: Row): string {
  const time = timeOf(rows, row);
  return [`${row.ratio.toFixed(2)}× bytes`, time && `${time.toFixed(1)}× time`].filter(Boolean).join(', ');
}

export function drawChart(rows: Row[]): string {
  const heads = [...new Set(shown(rows).map(({ uploader }) => uploader))];
  const labels = [...new Set(shown(rows).map(({ interruption }) => interruption))];
  const text = (x: number, y: number, kind: string, words: string) =>
    `<text x="${x}" y="${y}" class="${kind}">${escaped(words)}</text>`;
  const cell = (line: number, column: number): string => {
    const [x, y] = [LABEL + column * WIDTH, HEAD + line * HEIGHT];
    const middle = x + WIDTH / 2;
    const row = rows.find(({ uploader, interruption }) => uploader === heads[column] && interruption === labels[line]);
    const { look, word } = row ? wordsOf(row) : { look: 'none', word: 'does not apply' };
    return [
      `<rect x="${x}" y="${y}" width="${WIDTH - GAP}" height="${HEIGHT - GAP}" rx="4" class="${look}"/>`,
      text(middle, y + (row ? 16 : 23), row ? 'mid' : 'mid small', word),
      ...(row ? [text(middle, y + 30, 'mid small', figuresOf(rows, row))] : []),
    ].join('');
  };
  const [width, height] = [LABEL + heads.length * WIDTH, HEAD + labels.length * HEIGHT];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>What becomes of a file, by interruption and uploader</title>',
    `<style>${STYLE}\n</style>`,
    ...heads.map((head, column) => text(LABEL + (column + 0.5) * WIDTH, 20, 'mid head', head)),
    ...labels.map((label, line) => text(0, HEAD + line * HEIGHT + 23, '', label)),
    ...labels.flatMap((_, line) => heads.map((_, column) => cell(line, column))),
    '</svg>\n',
  ].join('\n');
}
