import { createUploadClient } from '../client.ts';
import { createRow } from './row.ts';

const client = createUploadClient({
  endpoint: '/api/v1/upload/multipart',
  owner: 'demo',
  apiKey: 'dev',
  serviceWorker: '/sw.js',
});

const list = document.querySelector<HTMLUListElement>('#uploads')!;
const pick = document.querySelector<HTMLInputElement>('#pick')!;
const drop = document.querySelector<HTMLLabelElement>('#drop')!;

const shown = new Set<string>();
function show(upload: ReturnType<typeof client.resumableUpload>): void {
  if (shown.has(upload.id)) return;
  shown.add(upload.id);
  list.prepend(createRow(upload));
}

function take(files: Iterable<File>): void {
  for (const file of files) show(client.resumableUpload(file));
}

pick.addEventListener('change', () => {
  take([...(pick.files ?? [])]);
  pick.value = '';
});
drop.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
drop.addEventListener('dragleave', () => drop.classList.remove('over'));
drop.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  take([...(event.dataTransfer?.files ?? [])]);
});

for (const upload of await client.uploads(show)) show(upload);

document.querySelector('#background')!.textContent =
  'SyncManager' in window
    ? 'This browser goes on in the background after the tab is closed.'
    : 'This browser goes on at your next visit: it has no background sync.';
