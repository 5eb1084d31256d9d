/** What the rows say, in words. */

import type { Row } from './cell.ts';
import { BASELINE } from './interruptions.ts';

/** Those that are a cell of the matrix. */
export const shown = (rows: Row[]): Row[] => rows.filter(({ interruption }) => interruption !== BASELINE);

/** Over the bare loop's on the same line and file where nothing befalls it. */
export function timeOf(rows: Row[], { seconds, conditions }: Row): number | undefined {
  const base = rows.find((row) => row.isBase && row.conditions === conditions)?.seconds;
  return seconds && base && seconds / base;
}

/** "retry ×2, pick again"; "nothing". */
export function actsOf({ acts }: Row): string {
  const told = [...new Set(acts)].map((act) => {
    const times = acts.filter((other) => other === act).length;
    return times > 1 ? `${act} ×${times}` : act;
  });
  return told.join(', ') || 'nothing';
}

const fixed = (number: number | undefined) => number?.toFixed(2) ?? '–';

/** One line of the table; `rows` for the base of its time. */
export const tellRow = (rows: Row[], row: Row): string =>
  `| ${[
    row.interruption,
    row.uploader,
    row.arrived === 'yes' ? 'yes' : `**${row.arrived}**`,
    actsOf(row),
    fixed(row.ratio),
    fixed(timeOf(rows, row)),
    row.falselyDone ? '**yes**' : 'no',
  ].join(' | ')} |`;

export interface Circumstances {
  minutes: number;
  /** Of all that took part. */
  versions: string[];
}

export const tellResults = (
  rows: Row[],
  { minutes, versions }: Circumstances,
): string => `# What happens to an upload when things go wrong

\`npm run faults\` writes this page and its chart anew, in ${Math.ceil(minutes)} minutes; the peers are installed where they are missing.
Each cell is a real Chromium with a profile of its own, a real file, a fresh bucket of the embedded store in a process of its own, and
between them a proxy (\`tests/faults/proxy.ts\`) that does the same to everybody. One run, a machine that others use as well: the
ratios are what counts.

![](matrix.svg)

${versions.map((version) => `- ${version}`).join('\n')}

## How to read it

- **Usual conditions**: 12 MiB in parts of 5 MiB over a line of 4 MiB/s. Where requests get a 503 and where URLs expire it is 48 MiB over
  16 MiB/s, which takes as long and has ten parts; where the browser is killed it is 12 MiB over 1 MiB/s, as browsers write localStorage to
  disk only every five seconds; at 1 Mbit/s it is 6 MiB.
- What strikes once does so when half of the file has gone up. A cell ends after 60 s, where the browser is killed
  after 80, at 1 Mbit/s after 100.
- **in the bucket**: read back and compared by SHA-256. Of tus, which has no bucket, the file that its server keeps.
- **the person** waits until what struck is over and then does what the page asks for: presses its button ("retry"), or picks the file,
  2 s after they saw it; five times at most. Where nothing has moved for a third of the cell's time they look after it ("open"
  the page where no tab is, "reload" it where it stands still), and most of such a cell's time is theirs.
- **bytes**: taken off the browser by the proxy, over those of the file; what the proxy answers itself it answers once the body is up.
- **time**: from the pick (or the end of the tab) until the file is there and the page says so, over the bare loop's with the same file
  and line and no interruption.
- **said "done" falsely**: the page said so, and the file was not there.

## Who takes part

- **Partway** with the page open through the SDK, and with the tab closed: that as soon as the page says that it may be, before anything
  has gone up and before anything strikes. It never says so where the device has no room.
- **Uppy 5 and 6**: \`@uppy/aws-s3\` with \`shouldUseMultipart\` for what is larger than a part, and \`@uppy/golden-retriever\` with its service worker and, beyond its standard of
  10 MiB, room for 100 MiB in IndexedDB; else their own settings. "retry" is the Dashboard's button; after a reload it is the one that goes on
  with what Golden Retriever has restored, which an app may press by itself (\`restore-confirmed\`). The functions that call the signing
  server are plain \`fetch\`, as in its examples; Uppy 5 calls the one that signs again by itself, Uppy 6 leaves that to the function.
- **tus**: \`tus-js-client\` as its README shows, \`@tus/server\` with its file store. Chunks are not limited, as its documentation advises; so "each
  part" is the one request, "bucket away" is its server away, and URLs that expire it has none of.
- **bare fetch**: URLs for all parts, five parallel PUTs, complete; an error is shown with a button that begins anew.
- All but tus sign with one server of a hundred lines (\`tests/judges/peers/signer.ts\`), ours with ours. The page may read what a captive
  portal answers for the server, as where both have one origin, and not what it answers for the bucket.

| interruption | uploader | in the bucket | the person | bytes | time | said "done" falsely |
|---|---|---|---|---|---|---|
${shown(rows)
  .map((row) => tellRow(rows, row))
  .join('\n')}
`;
