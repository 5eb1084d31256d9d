import type { Upload } from '../index.ts';
import { tell } from './events.ts';
import { accepts } from './intake.ts';
import type { UploadProperties } from './properties.ts';
import type { Session } from './session.ts';
import type { Words } from './words.ts';

/** Milliseconds of taking files before the page gets its turn. */
const BUDGET_MS = 12;

export interface Taker {
  element: UploadProperties;
  session: Session;
  words: Words;
  onTaken(upload: Upload): void;
  /** Hears in words why a file was not taken. */
  onRefused(text: string): void;
}

/** Begins an upload for each file that the element's settings and the app take, a few at a time. */
export async function takeFiles(files: File[], taker: Taker): Promise<void> {
  const { element, session, words, onRefused } = taker;
  const { accept, single } = element;
  if (single && files.length > 1) {
    onRefused(words.onlyOne);
    return;
  }
  const refused = files.filter((file) => !accepts(file, accept));
  if (refused.length > 1) onRefused(words.othersKind(String(refused.length), accept));
  else if (refused[0]) onRefused(words.otherKind(refused[0].name, accept));
  // An earlier upload that waits for one of these files has to be known first.
  await session.ready.catch(() => {});
  let since = performance.now();
  for (const file of files) {
    if (performance.now() - since > BUDGET_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      since = performance.now();
    }
    if (session.signal.aborted) return;
    if (accepts(file, accept) && tell(element, 'file-picked', { file }, true)) begin(file, taker);
  }
}

function begin(file: File, { element, session, words, onTaken, onRefused }: Taker): void {
  const { partSize, concurrency, metadata } = element;
  try {
    const upload = session.client.resumableUpload(file, {
      partSize,
      concurrency,
      metadata: typeof metadata === 'function' ? metadata(file) : metadata,
    });
    onTaken(upload);
    tell(element, 'upload-start', { upload });
  } catch (error) {
    onRefused(words.unavailable((error as Error).message));
  }
}
