/** What the page of every uploader gives the matrix and the bench, so that one person can use them all. */

/** What the page shows. After `asks for the file` the person picks, after `asks for a click` they press its one button. */
export type Situation = 'going' | 'asks for the file' | 'asks for a click' | 'done';

export interface PageUploader {
  pick(file: File): void;
  press(): void;
  situation(): Situation;
  /** Whether it says that the tab may be closed; only of those who say such things. */
  mayClose?(): boolean;
  /** Of the bench, and without `pick`: all files at once; resolves when the page would say that all are done. */
  send(files: File[]): Promise<unknown>;
  /** Resolves when the tab may be closed while all that is sent goes on; only of those who say such things. */
  safe?(): Promise<unknown>;
  /** Waits for what is under way, and leaves no memory of it on this device; only of those who have such a function. */
  forget?(): Promise<unknown>;
}

declare global {
  /** There from the moment that the page is ready. */
  var uploader: PageUploader;
}
