import { progressOf } from '../contract/progress.ts';
import type { ListedUpload, ProgressAnswer } from '../contract/wire.ts';
import type { Session } from '../database/session.ts';

/** How a session stands, as everybody is told who asks for it. */
export function standingOf(session: Session): Pick<ListedUpload, keyof ProgressAnswer & keyof ListedUpload> {
  const { status, url, errorCode, errorMessage } = session;
  return {
    status,
    progress: progressOf(session, session.stored),
    ...(status === 'completed' && { url: url! }),
    ...(status === 'failed' && { errorCode: errorCode!, errorMessage: errorMessage ?? '' }),
  };
}
