const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;

/** Lets files be dropped anywhere on `target` while `isOpen` says so; `onOver` tells whether some hang above it. */
export function acceptDrops(
  target: HTMLElement,
  handlers: { isOpen(): boolean; onOver(over: boolean): void; onDrop(transfer: DataTransfer): void },
): void {
  const { isOpen, onOver, onDrop } = handlers;
  target.addEventListener('dragover', (event) => {
    if (!hasFiles(event) || !isOpen()) return;
    event.preventDefault();
    event.dataTransfer!.dropEffect = 'copy';
    onOver(true);
  });
  target.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!target.contains(relatedTarget as Node | null)) onOver(false);
  });
  target.addEventListener('drop', (event) => {
    if (!hasFiles(event) || !isOpen()) return;
    event.preventDefault();
    onOver(false);
    onDrop(event.dataTransfer!);
  });
}
