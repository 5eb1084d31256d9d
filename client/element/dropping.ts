const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;

/** Lets files be dropped anywhere on `target` while `isOpen` says so; `onOver` tells whether some hang above it. */
export function acceptDrops(
  target: HTMLElement,
  handlers: { isOpen(): boolean; onOver(over: boolean): void; onDrop(transfer: DataTransfer): void },
): void {
  const { isOpen, onOver, onDrop } = handlers;
  target.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    // A file let fall on an element that takes none would otherwise be opened in place of the page.
    event.preventDefault();
    event.dataTransfer!.dropEffect = isOpen() ? 'copy' : 'none';
    onOver(isOpen());
  });
  target.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!target.contains(relatedTarget as Node | null)) onOver(false);
  });
  target.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    onOver(false);
    if (isOpen()) onDrop(event.dataTransfer!);
  });
}
