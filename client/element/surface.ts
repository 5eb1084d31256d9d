import { icon, make, mark, write } from './dom.ts';
import { ofCamera } from './intake.ts';
import { css } from './style.ts';
import { english, type Words } from './words.ts';

let sheet: CSSStyleSheet | undefined;

/** A constructed sheet needs no `style-src` of the app's content policy. */
function styles(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}

export interface Setting {
  accept: string;
  single: boolean;
  disabled: boolean;
  /** Which camera, where a control for it is wanted. */
  capture: string | null;
}

const chooser = () => make('input', 'chooser', { type: 'file', hidden: '' });

export type Surface = ReturnType<typeof createSurface>;

/** Everything but the rows, in the shadow of `host`; `list` has its place in it. */
export function createSurface(host: HTMLElement, list: HTMLElement) {
  const shadow = host.attachShadow({ mode: 'open' });
  shadow.adoptedStyleSheets = [styles()];

  const pick = make('button', 'pick', { type: 'button' });
  const cameraLabel = make('span', 'camera-label');
  const camera = make('button', 'camera', { type: 'button' }, icon('camera'), cameraLabel);
  const hint = make('span', 'hint');
  const zone = make('div', 'zone', {}, make('span', 'sign', {}, icon('up')), pick, camera, hint);
  const notice = make('p', 'notice', { hidden: '' });
  const headline = make('span', 'headline');
  const rest = make('span', 'rest');
  const clearDone = make('button', 'clear-done', { type: 'button' });
  const summary = make('div', 'summary', { hidden: '' }, make('p', 'overall', {}, headline, rest), clearDone);
  const board = make('div', 'board', { hidden: '' }, summary, list);
  const background = make('p', 'background', { hidden: '' });
  const earlier = make('p', 'earlier', { hidden: '' });
  const news = make('div', 'news', { role: 'status' });
  const [files, photo, again] = [chooser(), chooser(), chooser()];
  const root = make(
    'div',
    'root',
    { role: 'group' },
    zone,
    notice,
    earlier,
    board,
    background,
    news,
    files,
    photo,
    again,
  );
  shadow.append(root);

  let words = english;
  let single = false;
  const renderHint = () =>
    write(hint, root.hasAttribute('data-over') ? words.dropNow : single ? words.dropOne : words.drop);

  return {
    zone,
    pick,
    camera,
    clearDone,
    news,
    choosers: { files, photo, again },
    render(said: Words, { accept, disabled, capture, ...setting }: Setting): void {
      words = said;
      single = setting.single;
      mark(root, 'aria-label', words.uploads);
      mark(list, 'aria-label', words.uploads);
      write(pick, single ? words.chooseOne : words.choose);
      write(cameraLabel, words.camera);
      write(clearDone, words.clearDone);
      renderHint();
      files.multiple = !single;
      files.accept = again.accept = accept;
      photo.accept = ofCamera(accept);
      mark(photo, 'capture', capture ?? '');
      camera.hidden = capture === null;
      pick.disabled = camera.disabled = disabled;
      mark(root, 'data-disabled', disabled && '');
    },
    /** Files hang above it. */
    hover(over: boolean): void {
      mark(root, 'data-over', over && '');
      renderHint();
    },
    /** What could not be taken, or why nothing can be; '' takes it away. */
    notify(text: string): void {
      write(notice, text);
      notice.hidden = !text;
    },
    /** What became of the uploads of earlier visits; '' takes it away. */
    remember(text: string): void {
      write(earlier, text);
      earlier.hidden = !text;
    },
    summarise(texts: [headline: string, rest: string], rows: number, done: number, afterwards: string): void {
      board.hidden = rows === 0;
      mark(root, 'data-filled', rows > 0 && '');
      write(headline, texts[0]);
      write(rest, texts[1]);
      summary.hidden = rows < 2;
      const focused = shadow.activeElement === clearDone;
      clearDone.hidden = done < 2;
      if (clearDone.hidden && focused) pick.focus();
      write(background, afterwards);
      background.hidden = !afterwards;
    },
  };
}
