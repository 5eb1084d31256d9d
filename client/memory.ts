import type { Database } from '../sw/database.ts';
import type { Tables } from '../sw/transaction.ts';

/** Tables in the page's memory, for where the browser's storage is closed to it; they go with the page. */
export function memoryDatabase(): Database {
  const shelves = new Map<string, Map<string, unknown>>();
  let turn: Promise<unknown> = Promise.resolve();

  function shelf(name: string): Map<string, unknown> {
    const known = shelves.get(name) ?? new Map<string, unknown>();
    shelves.set(name, known);
    return known;
  }
  /** What is under `which` itself, or under the keys that begin with it. */
  const under = (name: string, which?: unknown) => {
    const key = JSON.stringify(which);
    const begin = `${key?.slice(0, -1)},`;
    return [...shelf(name).keys()].filter((at) => !key || at === key || at.startsWith(begin));
  };
  const keyOf = (value: object) => ('id' in value ? value.id : 'endpoint' in value ? value.endpoint : undefined);
  const byNumber = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });

  const tables: Tables = {
    get: async (name, key) => shelf(name).get(JSON.stringify(key)) as never,
    list: async (name, prefix) =>
      under(name, prefix)
        .sort(byNumber)
        .map((key) => shelf(name).get(key)) as never,
    put: async (name, value, key) => shelf(name).set(JSON.stringify(key ?? keyOf(value as object)), value),
    async remove(name, which) {
      for (const key of under(name, which)) shelf(name).delete(key);
    },
  };
  return {
    lasting: false,
    run(_names, _mode, work) {
      const result = turn.then(() => work(tables));
      turn = result.catch(() => {});
      return result;
    },
    close() {},
  };
}
