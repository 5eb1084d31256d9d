import type { Upload } from '../index.ts';
import type { Figures } from './figures.ts';
import type { Words } from './words.ts';

type Counted = Pick<Upload, 'state' | 'size' | 'progress'>;

/** A headline for them all and what there is beside it: `3 of 12 done`, `48 MB of 1.2 GB · 4 min left`. */
export function overall(uploads: Iterable<Counted>, words: Words, figures: Figures): [headline: string, rest: string] {
  let [all, done, attention, sent, total, moving, speed] = [0, 0, 0, 0, 0, 0, 0];
  for (const { state, size, progress } of uploads) {
    all++;
    total += size;
    sent += progress.uploadedBytes;
    if (state === 'done') done++;
    else if (state === 'failed' || state === 'needs-file') attention++;
    else if (state !== 'paused') moving += size - progress.uploadedBytes;
    if (state === 'uploading') speed += progress.bytesPerSecond;
  }
  const rest = [
    done === all ? figures.bytes(total) : words.of(figures.bytes(sent), figures.bytes(total)),
    speed > 0 && moving > 0 && words.left(figures.time(moving / speed)),
    attention > 0 && words.attention(attention),
  ];
  return [words.doneOf(figures.count(done), figures.count(all)), rest.filter(Boolean).join(' · ')];
}
