/** What a page writes by hand: URLs for all parts, a few parallel PUTs, complete; a small file is one PUT. No retry. */

import type { Situation } from '../../faults/matrix/page.ts';

const LANES = 5;
const server = location.search.slice(1);
let situation: Situation = 'asks for the file';
let picked: File;

async function call(name: string, body: object) {
  const answer = await fetch(`${server}bare/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.json();
}

async function pool<Item>(items: Item[], work: (item: Item, place: number) => Promise<void>): Promise<void> {
  const queue = items.entries();
  const lane = async () => {
    for (const [place, item] of queue) await work(item, place);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function send(file: File): Promise<void> {
  const { uploadId, key, partSize, urls } = await call('create', { filename: file.name, size: file.size });
  const parts: { PartNumber: number; ETag: string | null }[] = [];
  await pool<string>(urls, async (url, part) => {
    const body = file.slice(part * partSize, (part + 1) * partSize);
    const answer = await fetch(url, { method: 'PUT', body });
    if (!answer.ok) throw new Error(`part ${part + 1}: ${answer.status}`);
    parts[part] = { PartNumber: part + 1, ETag: answer.headers.get('etag') };
  });
  if (uploadId) await call('complete', { uploadId, key, parts });
}

function press(): void {
  situation = 'going';
  send(picked).then(
    () => {
      situation = 'done';
    },
    () => {
      situation = 'asks for a click';
    },
  );
}

globalThis.uploader = {
  pick(file) {
    picked = file;
    press();
  },
  press,
  situation: () => situation,
  send: (files) => pool(files, send),
};
