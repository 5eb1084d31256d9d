/** Names in the order of their UTF-8 bytes, which is the order S3 lists them in. */
export interface Shelf {
  names: readonly string[];
  add(name: string): void;
  remove(name: string): void;
  /** Index of the first name that is not below the given one. */
  from(name: string): number;
}

/** Surrogates stand below U+E000 in UTF-16 but mean characters above U+FFFF. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Negative, zero or positive, by UTF-8 bytes. */
export function compareNames(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let at = 0;
  while (at < shorter && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at === shorter ? a.length - b.length : rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
}

/** Takes over the array that it is given. */
export function shelf(names: string[]): Shelf {
  names.sort(compareNames);

  function from(name: string): number {
    let low = 0;
    let high = names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareNames(names[middle]!, name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    names,
    from,
    add(name) {
      const at = from(name);
      if (names[at] !== name) names.splice(at, 0, name);
    },
    remove(name) {
      const at = from(name);
      if (names[at] === name) names.splice(at, 1);
    },
  };
}
