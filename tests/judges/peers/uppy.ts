/** An Uppy of either major as the fault matrix sees it: what the buttons of its Dashboard would call. */

import type { PageUploader } from '../../faults/matrix/page.ts';

interface UppyFile {
  error?: string | null;
  isGhost?: boolean;
  progress: { uploadComplete?: boolean };
}

/** What is used of `@uppy/core`, the same in 5 and 6. */
interface Uppy {
  addFile(file: { name: string; type: string; data: File }): unknown;
  upload(): Promise<unknown>;
  retryAll(): Promise<unknown>;
  emit(event: 'restore-confirmed'): void;
  getFiles(): UppyFile[];
  getState(): { recoveredState: object | null };
}

export const PART_SIZE = 5 * 2 ** 20;

/** Its documentation advises against parts for small files. */
export const shouldUseMultipart = ({ size }: { size: number | null }): boolean => (size ?? 0) > PART_SIZE;

/** Larger than any file of the matrix: without it Golden Retriever keeps nothing above 10 MiB in IndexedDB. */
export const KEPT = { maxFileSize: 100 * 2 ** 20 };

export async function show(uppy: Uppy): Promise<PageUploader> {
  // Golden Retriever's, so that it may keep the file from the first pick on.
  await navigator.serviceWorker.register('sw.js');
  await navigator.serviceWorker.ready;
  const recovered = () => uppy.getState().recoveredState !== null;
  const add = (file: File) => uppy.addFile({ name: file.name, type: file.type, data: file });
  return {
    pick(file) {
      add(file);
      if (!recovered()) void uppy.upload();
    },
    press() {
      if (recovered()) uppy.emit('restore-confirmed');
      else void uppy.retryAll();
    },
    situation() {
      const [file] = uppy.getFiles();
      if (!file || file.isGhost) return 'asks for the file';
      if (file.progress.uploadComplete) return 'done';
      return file.error || recovered() ? 'asks for a click' : 'going';
    },
    async send(files) {
      for (const file of files) add(file);
      await uppy.upload();
      const failed = uppy.getFiles().find(({ progress }) => !progress.uploadComplete);
      if (failed) throw new Error(failed.error ?? 'not uploaded');
    },
  };
}
