import type { State } from '../index.ts';
import { draw, type Icon, icon, make, mark, write } from './dom.ts';
import { type Facts, isUnderWay } from './facts.ts';
import { splitName } from './name.ts';
import type { Words } from './words.ts';

export type Action = 'pause' | 'resume' | 'retry' | 'pickAgain' | 'cancel' | 'clear';

interface Face {
  icon: Icon;
  main?: Action;
  end: Action;
}

const FACES: Record<State, Face> = {
  preparing: { icon: 'up', main: 'pause', end: 'cancel' },
  uploading: { icon: 'up', main: 'pause', end: 'cancel' },
  waiting: { icon: 'clock', main: 'pause', end: 'cancel' },
  paused: { icon: 'pause', main: 'resume', end: 'cancel' },
  finishing: { icon: 'check', end: 'cancel' },
  done: { icon: 'check', end: 'clear' },
  failed: { icon: 'alert', main: 'retry', end: 'clear' },
  'needs-file': { icon: 'file', main: 'pickAgain', end: 'cancel' },
  cancelled: { icon: 'close', end: 'clear' },
};

const ICONS: Record<Action, Icon> = {
  pause: 'pause',
  resume: 'play',
  retry: 'again',
  pickAgain: 'file',
  cancel: 'close',
  clear: 'close',
};

/** What a row shows. */
export interface Shown extends Facts {
  state: string;
  name: string;
  percentage: number;
  safe: boolean;
}

let template: HTMLLIElement | undefined;

/** Built once: a clone takes a fraction of the time, and five hundred may be picked together. */
const blank = () => {
  template ??= make(
    'li',
    'row',
    {},
    make('span', 'badge', {}, icon('up')),
    // The halves are for the eye only: read aloud, the name is one.
    make(
      'bdi',
      'name',
      { dir: 'auto' },
      make('span', 'whole'),
      make('span', 'head', { 'aria-hidden': 'true' }),
      make('span', 'tail', { 'aria-hidden': 'true' }),
    ),
    make('div', 'bar', { role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100' }, make('div', 'fill')),
    make('span', 'percent', { 'aria-hidden': 'true' }),
    make(
      'div',
      'facts',
      {},
      make(
        'div',
        'line',
        {},
        make('span', 'state'),
        make('span', 'note', {}, icon('check'), make('span', 'note-text')),
      ),
      make('div', 'line', {}, make('span', 'size'), make('span', 'speed'), make('span', 'left')),
    ),
    make('p', 'message', { hidden: '' }),
    make('button', 'main', { type: 'button' }, icon('pause'), make('span', 'label')),
    make('button', 'end', { type: 'button' }, icon('close')),
  );
  return template.cloneNode(true) as HTMLLIElement;
};

/** One upload as a list item. Its buttons say in `data-action` what they do; the list does it. */
export class Row {
  readonly item: HTMLLIElement = blank();
  #name: string | undefined;

  show(state: State, shown: Shown, words: Words): void {
    const { item } = this;
    const face = FACES[state];
    mark(item, 'data-state', state);
    mark(item, 'part', `row row-${state}`);
    mark(item, 'data-safe', shown.safe && '');
    if (this.#name !== shown.name) this.#rename(shown.name);
    draw(this.#find('.badge svg'), face.icon);
    for (const part of ['state', 'speed', 'size', 'left', 'percent', 'message'] as const)
      write(this.#find(`.${part}`), shown[part]);
    write(this.#find('.note-text'), shown.note);
    this.#find<HTMLElement>('.message').hidden = !shown.message;

    const bar = this.#find<HTMLElement>('.bar');
    bar.hidden = !isUnderWay(state);
    mark(bar, 'aria-valuenow', String(shown.percentage));
    mark(bar, 'aria-valuetext', [shown.percent, shown.left].filter(Boolean).join(', '));
    this.#find<HTMLElement>('.fill').style.setProperty('--sent', `${shown.percentage}%`);

    const end = this.#button('.end', face.end, words);
    const main = this.#find<HTMLButtonElement>('.main');
    if (!face.main && (item.getRootNode() as ShadowRoot).activeElement === main) end.focus();
    main.hidden = !face.main;
    if (face.main) write(this.#button('.main', face.main, words).lastElementChild!, words[face.main]);
  }
  #rename(name: string): void {
    this.#name = name;
    const [head, tail] = splitName(name);
    write(this.#find('.whole'), name);
    write(this.#find('.head'), head);
    write(this.#find('.tail'), tail);
    this.#find<HTMLElement>('.name').title = name;
    mark(this.#find('.bar'), 'aria-label', name);
  }
  #button(selector: string, action: Action, words: Words): HTMLButtonElement {
    const button = this.#find<HTMLButtonElement>(selector);
    mark(button, 'data-action', action);
    mark(button, 'aria-label', words.on(words[action], this.#name ?? ''));
    mark(button, 'title', words[action]);
    draw(button.querySelector('svg')!, ICONS[action]);
    return button;
  }
  #find<E extends Element>(selector: string): E {
    return this.item.querySelector<E>(selector)!;
  }
}
