/** Following a job from wherever it is to its end, with its progress shown. */

import { GridError } from '../model/errors.ts';
import type { ControlClient, Job } from '../transport/control-client.ts';
import { columnsOf, type Context } from './context.ts';
import { plain } from './format.ts';
import { onInterrupts } from './interrupts.ts';
import { hasEnded, jobJson, shortId, summaryLines } from './job-view.ts';
import { createProgressDisplay } from './progress.ts';

/** What Ctrl-C means: `detach` leaves the job to its peer, `cancel` ends it at the second one. */
export type OnInterrupt = 'detach' | 'cancel';

/**
 * @returns the job, which is done
 * @throws {GridError} `job-failed`, `job-cancelled`, or `interrupted` at Ctrl-C
 */
export async function followJob(
  client: ControlClient,
  id: string,
  context: Context,
  onInterrupt: OnInterrupt,
): Promise<Job> {
  const display = await createProgressDisplay(context.io.stderr);
  const stop = new AbortController();
  let wasInterrupted = false;

  let last: Job | undefined;
  const detach = (): void => {
    const known = shortId(last?.jobId ?? id);
    stop.abort(
      new GridError(
        'interrupted',
        `Detached; the job goes on. \`manyhands watch ${known}\` follows it again, ` +
          `\`manyhands cancel ${known}\` ends it.`,
      ),
    );
  };
  const cancel = (times: number, signal: string): void => {
    if (signal === 'SIGINT' && times === 1) {
      display.say(
        'This process is the only peer that knows the job: ending it ends the job. ' +
          'Press Ctrl-C again to cancel.',
      );
      return;
    }
    if (wasInterrupted) stop.abort(new GridError('interrupted', 'Ended without waiting.'));
    wasInterrupted = true;
    client.cancel({ jobId: id }).catch((error: unknown) => stop.abort(error));
  };
  const release =
    onInterrupt === 'detach'
      ? onInterrupts(['SIGINT'], detach)
      : onInterrupts(['SIGINT', 'SIGTERM', 'SIGHUP'], cancel);

  let line = '';
  try {
    for await (const { job } of client.watch({ jobId: id }, stop.signal)) {
      if (job === null) continue;
      last = job;
      if (!context.json) {
        if (!hasEnded(job)) display.show(job);
        continue;
      }
      // The peer tells the state now and then, changed or not.
      const news = JSON.stringify({ type: 'progress', ...jobJson(job) });
      if (news !== line) context.print(news);
      line = news;
    }
  } catch (error) {
    const isGone = error instanceof GridError && error.code === 'no-peer-running';
    if (!isGone) throw error;
    if (last === undefined || !hasEnded(last)) throw peerGone(last?.jobId ?? id, error);
  } finally {
    release();
    display.end();
  }
  if (last === undefined || !hasEnded(last)) throw peerGone(last?.jobId ?? id);
  return checkOutcome(last, context, wasInterrupted);
}

function peerGone(id: string, cause?: unknown): GridError {
  const known = shortId(id);
  return new GridError(
    'no-peer-running',
    `The peer has stopped, and the job ${known} has not ended. It goes on when the peer runs ` +
      `again (\`manyhands join\`); \`manyhands watch ${known}\` follows it then.`,
    { cause },
  );
}

function checkOutcome(job: Job, context: Context, wasInterrupted: boolean): Job {
  if (!context.json) context.note(...summaryLines(job, columnsOf(context.io.stderr)));
  if (job.state === 'done') return job;
  if (wasInterrupted) throw new GridError('interrupted', 'The job was cancelled by Ctrl-C.');
  if (job.state === 'cancelled') throw new GridError('job-cancelled', 'The job was cancelled.');
  if (job.state === 'lost') {
    throw new GridError(
      'job-failed',
      'The peer stopped while the job ran, and the job with it. Submit it again.',
    );
  }
  const reason = job.failure === '' ? 'The peer gave no reason.' : plain(job.failure);
  throw new GridError('job-failed', `The job failed. ${reason}`);
}
