import type { HistoryEntry } from '../sw/history.ts';
import { draftRecord } from './draft.ts';
import { failureOf } from './failure.ts';
import { type Open, openClient } from './open.ts';
import type { ResumeOptions, UploadClientOptions, UploadOptions } from './options.ts';
import type { Background } from './standby.ts';
import type { Survivors } from './survivors.ts';
import type { Upload } from './upload.ts';
import { createViews } from './views.ts';

export interface UploadClient {
  /** Begins to upload `file`, or goes on with the earlier upload that waits for it. Throws an `UploadError` for an unlawful part size. */
  resumableUpload(file: File, options?: UploadOptions): Upload;
  /** Goes on with the upload that `resumeToken` opens, begun on this device or on another. */
  resumeUpload(resumeToken: string, options?: ResumeOptions): Upload;
  /** Every upload that this device knows of, oldest first; `onUpload` hears of those that come later, from any tab. */
  uploads(onUpload?: (upload: Upload) => void): Promise<Upload[]>;
  /** What earlier visits left unfinished, as it stands now. */
  survivors(): Promise<Survivors>;
  /** How this owner's uploads on this device have ended, newest first, at most 500; `forget` leaves them, `signOut` erases them. */
  history(): Promise<HistoryEntry[]>;
  /** What becomes of unfinished uploads when the last tab closes. */
  readonly background: Background;
  /** From now on, for the open uploads too: whether nothing is to be sent where it is paid for. */
  setOnlyUnmetered(only: boolean): Promise<void>;
  /** Ends every upload of this owner, in every tab and in the worker, and erases all of it from this device. */
  signOut(): Promise<void>;
  /** Stops driving from this page; the uploads stay. */
  close(): Promise<void>;
}

/** The uploads of one owner on this device, driven from this page while it lives. */
export function createUploadClient(options: UploadClientOptions): UploadClient {
  const endpoint = new URL(options.endpoint, location.href).href.replace(/\/+$/, '');
  let { onlyUnmetered } = options;
  let open: Open | undefined;
  const views = createViews({
    canLeave: (record) => open?.canLeave(record) ?? false,
    actions: async () => (await opened).actions,
  });
  const opened = openClient({ ...options, endpoint }, views).then((it) => {
    open = it;
    return it;
  });
  // Told to whoever asks for an upload.
  opened.catch(() => {});

  /** Shows what `work` begins; where that fails, the upload has failed. */
  function begin(view: Upload, work: (it: Open) => Promise<unknown>): Upload {
    view.begun = opened.then(work).catch((error) => {
      const { code, message } = failureOf(error);
      view.again = () => begin(view, work).begun;
      view.update({ ...view.record, state: 'failed', error: { code, message } }, false);
    });
    return view;
  }

  return {
    resumableUpload(file, wish = {}) {
      const view = views.make(draftRecord(endpoint, file, { ...wish, order: options.order, onlyUnmetered }));
      begin(view, (it) => it.add(view, file));
      view.follow(wish);
      return view;
    },
    resumeUpload(resumeToken, wish = {}) {
      const { file = new File([], '') } = wish;
      const draft = { ...draftRecord(endpoint, file), id: resumeToken.slice(0, 25), resumeToken };
      const view = views.make(draft);
      begin(view, (it) => it.adopt(view, draft, wish.file));
      view.follow(wish);
      return view;
    },
    async uploads(onUpload) {
      await opened;
      if (onUpload) views.watch(onUpload);
      return views.all();
    },
    survivors: async () => (await opened).survivors(),
    history: async () => (await opened).history(),
    get background() {
      if (!isSecureContext || open?.shared === false) return 'stops';
      return open?.standby.possible === false ? 'next-visit' : 'goes-on';
    },
    async setOnlyUnmetered(only) {
      onlyUnmetered = only;
      await (await opened).setOnlyUnmetered(only);
    },
    signOut: async () => (await opened).signOut(),
    close: async () => (await opened).close(),
  };
}
