import type { Background, Upload } from '../index.ts';
import type { Figures } from './figures.ts';
import type { Words } from './words.ts';

/** What of an `Upload` is shown. */
export type Seen = Pick<
  Upload,
  'state' | 'size' | 'addedAt' | 'safeToClose' | 'progress' | 'error' | 'unstagedBytes'
> & {
  record: { staged: boolean };
};

/** The texts of one row. */
export interface Facts {
  state: string;
  note: string;
  size: string;
  speed: string;
  /** Time left. */
  left: string;
  message: string;
  percent: string;
}

/** `preparing`, `uploading`, `waiting`, `paused` and `finishing` have a bar. */
export const isUnderWay = (state: Seen['state']): boolean => !['done', 'failed', 'needs-file'].includes(state);

/** Closing the tab now would lose what the person picked: not all that the bucket lacks is on the device. */
export const isAtRisk = ({ state, record }: Pick<Seen, 'state' | 'record'>, background: Background): boolean =>
  isUnderWay(state) && state !== 'finishing' && state !== 'cancelled' && !(record.staged && background !== 'stops');

export function factsOf(upload: Seen, background: Background, words: Words, figures: Figures): Facts {
  const { state, error, size } = upload;
  const { percentage, bytesPerSecond, secondsLeft } = upload.progress;
  const moving = state === 'uploading' && bytesPerSecond > 0;
  const offline = !error || error.code === 'NO_CONNECTION';
  return {
    state: state === 'cancelled' ? '' : state === 'waiting' && !offline ? words.waitingOther : words[state],
    note: noteOf(upload, background, words, figures),
    size: figures.bytes(size),
    speed: moving ? words.perSecond(figures.bytes(bytesPerSecond)) : '',
    left: moving && secondsLeft !== undefined ? words.left(figures.time(secondsLeft)) : '',
    message:
      error && (state === 'failed' || state === 'needs-file' || (state === 'waiting' && !offline))
        ? words.problem(error)
        : '',
    percent: figures.percent(percentage),
  };
}

/** What becomes of it when the tab is closed; of one that rests for good, when it was picked. */
function noteOf(upload: Seen, background: Background, words: Words, figures: Figures): string {
  const { state, unstagedBytes } = upload;
  if (!isUnderWay(state)) return figures.moment(upload.addedAt);
  if (upload.safeToClose) return words.safe;
  if (isAtRisk(upload, background)) return unstagedBytes ? words.noRoom(figures.bytes(unstagedBytes)) : words.keepOpen;
  return state === 'paused' ? words.onDevice : words.nextVisit;
}
