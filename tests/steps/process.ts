/**
 * The server in an app that takes `x-user`'s word for who asks. `x-stand: 2 after` makes a call stand still there, until
 * somebody kills the process, which prints `standing` for each; another is answered with the names of its `x-steps`.
 */

import process from 'node:process';
import { listen } from '../../server/http/runtime.ts';
import { createApp, openDeps, readConfig } from '../../server/index.ts';
import { type Moment, standAt, stepwise } from './step.ts';

const { deps } = await openDeps(readConfig(process.env), { authenticate: ({ headers }) => headers.get('x-user') });

async function answer(request: Request): Promise<Response> {
  const [at, moment] = request.headers.get('x-stand')?.split(' ') ?? [];
  const steps: string[] = [];
  const watch = at
    ? standAt(Number(at), moment as Moment, () => console.log('standing'))
    : async (step: string, moment: Moment) => void (moment === 'before' && steps.push(step));
  const response = await createApp(stepwise(deps, watch)).fetch(request);
  response.headers.set('x-steps', steps.join());
  return response;
}

const listener = await listen({ fetch: answer, hostname: '127.0.0.1', port: 0 });
console.log(listener.port);
