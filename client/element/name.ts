const SHORT = 16;
/** Kept in sight beside the ending. */
const BEFORE_ENDING = 4;
const LONGEST_TAIL = 14;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/**
 * A file name in two: the head, which gives way where room is short, and the tail with the ending, which stays. A name
 * with right-to-left letters stays in one, because halves of it would be put in the wrong order.
 */
export function splitName(name: string): [head: string, tail: string] {
  const letters = [...name];
  if (letters.length <= SHORT || RIGHT_TO_LEFT.test(name)) return [name, ''];
  const dot = letters.lastIndexOf('.');
  const ending = dot > 0 ? letters.length - dot : 0;
  const tail = Math.min(ending + BEFORE_ENDING, LONGEST_TAIL);
  return [letters.slice(0, -tail).join(''), letters.slice(-tail).join('')];
}
