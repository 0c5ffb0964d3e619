/**
 * The peer that a submitted job goes to: the one that runs on this machine, or else one that runs
 * in this very process for as long as the job lasts. Either is spoken to through a control socket,
 * so that all that follows is the same.
 */

import { setTimeout as delay } from 'node:timers/promises';

import { GridError } from '../model/errors.ts';
import type { ControlClient } from '../transport/control-client.ts';
import type { Context } from './context.ts';
import { plural } from './format.ts';
import { onInterrupts } from './interrupts.ts';
import { hasEnded } from './job-view.ts';
import { nodeOptionsOf, type PeerOptions } from './peer-options.ts';

export type JobHost = {
  readonly client: ControlClient;
  /** The peer lives in this process. */
  readonly isOwn: boolean;
  /** It lives in this process and knows no other to join through. */
  readonly isAlone: boolean;
  /** Ends what was begun here: the connection, and the peer if it is our own. */
  leave(): Promise<void>;
};

/** @throws {GridError} whatever keeps a peer from starting */
export async function reachJobHost(options: PeerOptions, context: Context): Promise<JobHost> {
  for (let triesLeft = startTriesMax; ; triesLeft -= 1) {
    const running = await connectIfRunning(context);
    if (running !== undefined) return running;
    try {
      return await startOwnPeer(options, context);
    } catch (error) {
      // Another submit was quicker: its peer has the folder, and soon its socket, or is ending.
      const isTaken = error instanceof GridError && error.code === 'peer-already-running';
      if (!isTaken || triesLeft === 1) throw error;
      await delay(startRetryMs);
    }
  }
}

/** A peer has its folder for a second or so before its socket, and some ms after it: 5 s in all. */
const startRetryMs = 100;
const startTriesMax = 50;

async function connectIfRunning(context: Context): Promise<JobHost | undefined> {
  try {
    return await connectJobHost(context);
  } catch (error) {
    if (error instanceof GridError && error.code === 'no-peer-running') return undefined;
    throw error;
  }
}

/** @throws {GridError} `no-peer-running` */
export async function connectJobHost(context: Context): Promise<JobHost> {
  const client = await context.connect();
  return {
    client,
    isOwn: false,
    isAlone: false,
    leave() {
      client.close();
      return Promise.resolve();
    },
  };
}

async function startOwnPeer(options: PeerOptions, context: Context): Promise<JobHost> {
  const [{ createNode }, { createPrettyLog }] = await Promise.all([
    import('../runtime/create-node.ts'),
    import('../runtime/pretty-log.ts'),
  ]);
  const log = createPrettyLog({ level: 'warn', stream: context.io.stderr });
  const node = await createNode(nodeOptionsOf(options, context), { log });
  const client = await context.connect();

  async function leave(): Promise<void> {
    try {
      const { jobs } = await client.listJobs();
      const others = jobs.filter((job) => !hasEnded(job)).length;
      if (others === 0) return;
      context.note(
        `Waiting for ${plural(others, 'job')} that other commands submitted to this peer, or an ` +
          'earlier one here; Ctrl-C stops it, and the next peer here goes on.',
      );
      const release = onInterrupts(['SIGINT', 'SIGTERM', 'SIGHUP'], () => void node.stop());
      await client.finish();
      await node.stopped;
      release();
    } finally {
      client.close();
      await node.stop();
    }
  }
  return { client, isOwn: true, isAlone: !node.knowsOthers, leave };
}
