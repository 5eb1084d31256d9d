const SVG = 'http://www.w3.org/2000/svg';

/** An element whose class and `::part()` are both `name`. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.className = name;
  made.setAttribute('part', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Touches the page only where the text is another. */
export function write(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** As `setAttribute`, likewise; takes the attribute away where there is no value. */
export function mark(node: Element, name: string, value: string | false): void {
  if (value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

const ICONS = {
  up: 'M12 19V5.5M6 11l6-6 6 6',
  clock: 'M12 6.5V12l3.5 2.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z',
  pause: 'M9 6v12M15 6v12',
  play: 'M8 5.5v13L18.5 12z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M12 5v8.5M12 18.5h.01',
  close: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  again: 'M19 13a7 7 0 1 1-2-5.9L19.5 9.5M19.5 4.5v5h-5',
  file: 'M13.5 3.5H6.5v17h11v-13zM13.5 3.5v4h4',
  camera: 'M4 8.5h3.2L9 6h6l1.8 2.5H20v10H4zM12 16.2a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
};

export type Icon = keyof typeof ICONS;

/** Drawn in the page itself: an app's content policy may forbid images by address. */
export function icon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'path'));
  draw(svg, name);
  return svg;
}

export function draw(svg: SVGSVGElement, name: Icon): void {
  mark(svg.firstElementChild!, 'd', ICONS[name]);
}
