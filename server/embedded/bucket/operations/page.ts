import { compareNames, type Shelf } from '../disk/shelf.ts';

/** What a listing asks for. */
export interface PageQuery {
  prefix: string;
  /** Empty for none: then nothing is grouped. */
  delimiter: string;
  /** Only names above this one. Where it is a group, nothing of the group. */
  after: string;
  limit: number;
}

export interface Page {
  names: string[];
  /** Groups: names up to and with the delimiter. */
  groups: string[];
  /** The last name or group of this page, where there is more. */
  next: string | undefined;
}

/** Sorts above every name that begins with the text. */
const beyond = (text: string): string => `${text}\u{10ffff}`;

/** One page of a sorted shelf, without touching the names before and after it. */
export function pageOf(shelf: Shelf, { prefix, delimiter, after, limit }: PageQuery): Page {
  const page: Page = { names: [], groups: [], next: undefined };
  const { names } = shelf;
  const afterGroup = delimiter !== '' && after.startsWith(prefix) && after.slice(prefix.length).endsWith(delimiter);
  let at = compareNames(after, prefix) < 0 ? shelf.from(prefix) : shelf.from(afterGroup ? beyond(after) : after);
  if (names[at] === after) at++;
  let last = '';
  while (at < names.length) {
    const name = names[at]!;
    if (!name.startsWith(prefix)) break;
    if (page.names.length + page.groups.length === limit) {
      if (limit > 0) page.next = last;
      break;
    }
    const cut = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    if (cut < 0) {
      page.names.push(name);
      last = name;
      at++;
    } else {
      last = name.slice(0, cut + delimiter.length);
      page.groups.push(last);
      at = shelf.from(beyond(last));
      if (names[at] === beyond(last)) at++;
    }
  }
  return page;
}
