/** Whether `accept`, as `<input type=file>` means it, takes the file. A dropped file has met no chooser that minds it. */
export function accepts({ name, type }: Pick<File, 'name' | 'type'>, accept: string): boolean {
  const kinds = accept
    .toLowerCase()
    .split(',')
    .map((kind) => kind.trim())
    .filter(Boolean);
  return (
    kinds.length === 0 ||
    kinds.some((kind) => {
      if (kind.startsWith('.')) return name.toLowerCase().endsWith(kind);
      if (kind.endsWith('/*')) return type.startsWith(kind.slice(0, -1));
      return type === kind;
    })
  );
}

/** What a camera can give of what `accept` takes. */
export const ofCamera = (accept: string): string =>
  accept
    .split(',')
    .filter((kind) => /^\s*(image|video)\//.test(kind))
    .join() || 'image/*';

export interface Dropped {
  files: File[];
  /** Some file or folder could not be read. */
  incomplete: boolean;
}

/** The files of a drop, those inside its folders too. Must be called in the `drop` event itself. */
export async function filesOf(transfer: DataTransfer): Promise<Dropped> {
  // Entries and files can be had only before the event is over.
  const items = [...transfer.items].filter(({ kind }) => kind === 'file');
  const roots = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const dropped: Dropped = { files: [], incomplete: false };
  for (const root of roots) await gather(root, dropped);
  return dropped;
}

async function gather(found: FileSystemEntry | File | null, dropped: Dropped): Promise<void> {
  if (!found) dropped.incomplete = true;
  else if (found instanceof File) dropped.files.push(found);
  else
    try {
      if (found.isFile)
        dropped.files.push(await new Promise<File>((...ends) => (found as FileSystemFileEntry).file(...ends)));
      else for await (const inner of entriesOf(found as FileSystemDirectoryEntry)) await gather(inner, dropped);
    } catch {
      dropped.incomplete = true;
    }
}

/** Chromium gives at most a hundred at a time, and none when there are no more. */
async function* entriesOf(folder: FileSystemDirectoryEntry): AsyncGenerator<FileSystemEntry> {
  const reader = folder.createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((...ends) => reader.readEntries(...ends));
    if (some.length === 0) return;
    yield* some;
  }
}
