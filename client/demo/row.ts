import type { Upload } from '../upload.ts';
import { words } from './words.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

function formatSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: power ? 1 : 0 }).format(bytes / 1000 ** power)} ${UNITS[power]}`;
}

function element<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, className: string): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

/** One upload as a list item that keeps itself up to date and takes itself away. */
export function createRow(upload: Upload): HTMLLIElement {
  const row = element('li', 'upload');
  const name = element('span', 'name');
  const facts = element('span', 'facts');
  const state = element('span', 'state');
  const amount = element('span', 'amount');
  const button = element('button', '');
  const bar = element('progress', '');
  name.textContent = upload.name;
  name.title = upload.name;
  bar.max = 100;
  bar.setAttribute('aria-label', upload.name);
  state.setAttribute('role', 'status');
  facts.append(state, ' · ', amount);
  row.append(name, button, facts, bar);
  row.dataset.id = upload.id;

  const settled = () => upload.state === 'done' || upload.state === 'failed';
  button.onclick = () => void (settled() ? upload.forget() : upload.cancel());

  function update(): void {
    if (upload.state === 'cancelled') {
      row.remove();
      return;
    }
    const text = words(upload);
    if (state.textContent !== text) state.textContent = text;
    row.dataset.state = upload.state;
    row.dataset.safe = String(upload.safeToClose);
    amount.textContent =
      upload.state === 'done' ? formatSize(upload.size) : `${upload.percentage} % of ${formatSize(upload.size)}`;
    bar.value = upload.percentage;
    button.textContent = settled() ? 'Clear' : 'Cancel';
    button.setAttribute('aria-label', `${button.textContent} ${upload.name}`);
  }
  upload.addEventListener('change', update);
  update();
  return row;
}
