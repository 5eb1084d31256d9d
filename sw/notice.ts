import { isSettled, type UploadRecord } from './record.ts';
import { NEEDS_LOGIN } from './retry.ts';

/**
 * What a person who looks at no window is told: `done` and `failed` when nothing is left to do, the rest when it is their
 * turn; `rests`: the browser runs the worker no longer, and the upload goes on at the next visit.
 */
export interface Notice {
  kind: 'done' | 'failed' | 'needs-file' | 'needs-login' | 'rests';
  /** Names of the files, oldest first. */
  names: string[];
}

/** How a notice is shown: a title beside what `showNotification` takes; undefined shows nothing. */
export type Wording = (notice: Notice) => (NotificationOptions & { title: string }) | undefined;

/** How a shift stands: `on`; without a window `over`, since nothing more can be done here, or `spent`, with more to do. */
export type Standing = 'on' | 'over' | 'spent';

/** The notice that is due and the uploads that it is about; `seen` are those that were open before. */
export function noticeOf(
  records: UploadRecord[],
  seen: ReadonlySet<string>,
  standing: Standing,
): [kind: Notice['kind'], about: UploadRecord[]] | undefined {
  const open = records.filter(({ state, paused }) => state === 'open' && !paused);
  const ended = open.length ? [] : records.filter((record) => seen.has(record.id) && isSettled(record));
  const over = standing === 'over';
  const due: [Notice['kind'], UploadRecord[]][] = [
    ['needs-file', open.filter(({ error, staged }) => error?.code === 'FILE_NEEDED' || (over && !staged))],
    [
      'needs-login',
      open.filter(({ error, resumeToken }) => NEEDS_LOGIN.has(error?.code ?? '') || (over && !resumeToken)),
    ],
    ['rests', standing === 'spent' ? open : []],
    ['failed', ended.filter(({ state }) => state === 'failed')],
    ['done', ended],
  ];
  return due.find(([, about]) => about.length);
}

const plain: Record<Notice['kind'], string> = {
  done: 'Upload finished',
  failed: 'Upload failed',
  'needs-file': 'Pick again to finish the upload',
  'needs-login': 'Sign in again to finish the upload',
  rests: 'Open it to finish the upload',
};

export const english: Wording = ({ kind, names }) => ({
  title: plain[kind],
  body: names.length > 3 ? `${names.length} files` : names.join('\n'),
});
