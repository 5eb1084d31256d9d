/** What the page of every uploader gives the matrix, so that one person can use them all. */

/** What the page shows. After `asks for the file` the person picks, after `asks for a click` they press its one button. */
export type Situation = 'going' | 'asks for the file' | 'asks for a click' | 'done';

export interface PageUploader {
  pick(file: File): void;
  press(): void;
  situation(): Situation;
  /** Whether it says that the tab may be closed; only of those who say such things. */
  mayClose?(): boolean;
}

declare global {
  /** There from the moment that the page is ready. */
  var uploader: PageUploader;
}
