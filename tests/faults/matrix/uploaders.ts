/** Who takes part. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../runtime.ts';
import { type Ground, type Service, startOurs, startSigner, startTus } from './service.ts';
import type { Entries } from './site.ts';

export interface Uploader extends Entries {
  /** Head of its column. */
  title: string;
  /** Folder of its page. */
  id: string;
  /** The tab is closed before anything befalls it. */
  closed?: true;
  /** The bytes go to its own server, and no bucket is in it. */
  serverKeeps?: true;
  start(ground: Ground): Promise<Service>;
  /** Packages whose versions are told. */
  packages: string[];
}

const PEERS = 'tests/judges/peers';
const OURS = {
  id: 'ours',
  page: 'tests/faults/matrix/ours.ts',
  worker: 'sw/standalone.ts',
  start: startOurs,
  packages: [],
};

const uppy = (major: number): Uploader => ({
  title: `Uppy ${major}`,
  id: `uppy${major}`,
  page: `${PEERS}/uppy${major}/page.ts`,
  worker: `${PEERS}/uppy${major}/worker.ts`,
  start: startSigner,
  packages: ['@uppy/aws-s3', '@uppy/core', '@uppy/golden-retriever'],
});

export const UPLOADERS: Uploader[] = [
  { ...OURS, title: 'Partway' },
  { ...OURS, title: 'Partway, tab closed', closed: true },
  uppy(5),
  uppy(6),
  {
    title: 'tus',
    id: 'tus',
    page: `${PEERS}/tus/page.ts`,
    serverKeeps: true,
    start: startTus,
    packages: ['tus-js-client', '@tus/server', '@tus/file-store'],
  },
  { title: 'bare fetch', id: 'bare', page: `${PEERS}/bare.ts`, start: startSigner, packages: [] },
];

export const isOurs = ({ id }: Uploader): boolean => id === OURS.id;

/** `name version` of each package that it is made of. */
export const versionsOf = ({ id, packages }: Uploader): string[] =>
  packages.map((name) => {
    const path = join(ROOT, PEERS, id, 'node_modules', name, 'package.json');
    return `${name} ${existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : '(not installed)'}`;
  });
