import { StartError } from '../fault.ts';
import { type Listener, type ListenOptions, listen } from './runtime.ts';

/** `listen`, with a sentence for what goes wrong; `variable` names the setting that gave the port. */
export async function listenOn(variable: string, options: ListenOptions): Promise<Listener> {
  try {
    return await listen(options);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const place = `${options.hostname}:${options.port}`;
    if (code === 'EADDRINUSE')
      throw new StartError(`Port ${options.port} is in use: stop what listens there, or set ${variable} to another.`);
    if (code === 'EACCES')
      throw new StartError(
        `Port ${options.port} needs rights that this user lacks: set ${variable} to one above 1023.`,
      );
    throw new StartError(`Cannot listen on ${place} (${code ?? message}): check HOST and ${variable}.`);
  }
}
