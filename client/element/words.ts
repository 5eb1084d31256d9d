import type { State, UploadFailure } from '../index.ts';

/** Every text that a person reads or hears; a translation gives all or some of them. */
export interface Words extends Record<Exclude<State, 'cancelled'>, string> {
  /** Name of the whole, and of the list. */
  uploads: string;
  choose: string;
  chooseOne: string;
  camera: string;
  drop: string;
  dropOne: string;
  dropNow: string;

  pause: string;
  resume: string;
  cancel: string;
  retry: string;
  clear: string;
  pickAgain: string;
  clearDone: string;
  /** Name of a button, of what it does and to which file. */
  on(action: string, name: string): string;

  /** State of one that waits for something else than the network. */
  waitingOther: string;
  /** What the person should know or do; `message` and `remedy` are English, `code` is stable. */
  problem(failure: Pick<UploadFailure, 'code' | 'message' | 'remedy' | 'goesOn'>): string;
  safe: string;
  keepOpen: string;
  /** The device has no room for an amount of bytes: closing the tab would cost them. */
  noRoom(amount: string): string;
  nextVisit: string;
  onDevice: string;

  /** `12.4 MB of 67.1 MB` */
  of(part: string, whole: string): string;
  /** `3.2 MB/s`, of an amount of bytes. */
  perSecond(amount: string): string;
  /** `18 sec left`, of a length of time. */
  left(time: string): string;
  /** `3 of 12 done`, of numbers. */
  doneOf(done: string, all: string): string;
  /** How many can go on only with the person's help. */
  attention(count: number): string;

  /** How many uploads of earlier visits go on by themselves, need the person, and are lost; not all of them are 0. */
  survivors(goOn: number, needYou: number, lost: number): string;

  /** What becomes of unfinished uploads when the tab is closed, by `UploadClient.background`. */
  'goes-on': string;
  'next-visit': string;
  stops: string;

  /** `accept` is the attribute's. */
  otherKind(name: string, accept: string): string;
  othersKind(count: string, accept: string): string;
  onlyOne: string;
  emptyFolder: string;
  unreadable: string;
  noEndpoint: string;
  /** The browser's storage is closed to the page, or the like. */
  unavailable(why: string): string;

  started: string;
  removed: string;
  /** A piece of news of one file, and of several. */
  news(what: string, name: string): string;
  newsOf(what: string, count: string): string;
}

export const english: Words = {
  uploads: 'Uploads',
  choose: 'Choose files',
  chooseOne: 'Choose a file',
  camera: 'Take a photo',
  drop: 'or drop them here',
  dropOne: 'or drop it here',
  dropNow: 'Drop to upload',

  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel',
  retry: 'Try again',
  clear: 'Clear',
  pickAgain: 'Pick the file again',
  clearDone: 'Clear finished',
  on: (action, name) => `${action}: ${name}`,

  preparing: 'Preparing',
  uploading: 'Uploading',
  waiting: 'Waiting for network',
  waitingOther: 'Waiting',
  paused: 'Paused',
  finishing: 'Finishing',
  done: 'Done',
  failed: 'Failed',
  'needs-file': 'File needed',
  problem: ({ code, message, remedy, goesOn }) => (goesOn || code === 'FILE_NEEDED' ? message : `${message} ${remedy}`),
  safe: 'Safe to close this tab',
  keepOpen: 'Keep this tab open',
  noRoom: (amount) => `Keep this tab open: this device has no room for ${amount}`,
  nextVisit: 'Goes on at your next visit',
  onDevice: 'Kept on this device',

  of: (part, whole) => `${part} of ${whole}`,
  perSecond: (amount) => `${amount}/s`,
  left: (time) => `${time} left`,
  doneOf: (done, all) => `${done} of ${all} done`,
  attention: (count) => `${count} ${count === 1 ? 'needs' : 'need'} you`,

  survivors: (goOn, needYou, lost) =>
    `From your last visit: ${[goOn && `${goOn} going on`, needYou && english.attention(needYou), lost && `${lost} failed`].filter(Boolean).join(', ')}.`,

  'goes-on':
    'Close the tab once an upload says it is safe: this browser carries on for a while, and the rest follows at your next visit.',
  'next-visit': 'In this browser uploads rest while the tab is closed, and go on at your next visit.',
  stops:
    'Uploads stop when this tab is closed: this page was not opened over https, or the browser lets it keep nothing.',

  otherKind: (name, accept) => `${name} was not taken: only ${accept} can be uploaded here.`,
  othersKind: (count, accept) => `${count} files were not taken: only ${accept} can be uploaded here.`,
  onlyOne: 'Nothing was taken: only one file at a time can be uploaded here.',
  emptyFolder: 'There was no file in what was dropped.',
  unreadable: 'Something in what was dropped cannot be read, and was left out.',
  noEndpoint: 'Uploads are not set up: this element needs an endpoint.',
  unavailable: (why) => `Uploads cannot begin here: ${why}`,

  started: 'upload started',
  removed: 'removed',
  news: (what, name) => `${name}: ${what}`,
  newsOf: (what, count) => `${count} files: ${what}`,
};
