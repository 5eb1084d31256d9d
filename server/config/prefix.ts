/** A store's keys have 1,024 bytes at most. */
const LONGEST = 512;

/** What may begin an object's key; continues "must be". */
export const KEY_PREFIX_RULE = `at most ${LONGEST} letters, digits and -_.!'()* between single slashes, as in "multipart/"`;

/** Clients resolve `.` and `..` before they send, and an empty step would not survive either. */
export const isKeyPrefix = (value: string): boolean =>
  value.length <= LONGEST &&
  /^[\w.!'()* -]+(\/[\w.!'()* -]+)*\/?$/.test(value) &&
  !value.split('/').some((step) => /^\.\.?$/.test(step));
