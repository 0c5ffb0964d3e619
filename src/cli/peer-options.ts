/** The options of a peer: of `join`, and of `submit` where it has to run one of its own. */

import { availableParallelism, totalmem } from 'node:os';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import type { NodeOptions } from '../runtime/create-node.ts';
import { limits } from '../model/limits.ts';
import type { Context } from './context.ts';
import { memoryBytesDefault, parseResultBytes, parseStderrBytes } from './limit-options.ts';
import { listOption, option, valueOption } from './options.ts';
import { parseAddress, parseBytes, parseCount, parseDurationMs } from './values.ts';
import { readVersion } from './version.ts';

export type PeerOptions = {
  readonly peer?: readonly string[];
  readonly listen: string;
  readonly advertise?: readonly string[];
  readonly grid?: string;
  readonly slots: number;
  readonly diskLimit?: number;
  readonly maxWall: number;
  readonly maxMemory?: number;
  readonly maxResult: number;
  readonly maxStderr: number;
};

/** As `PeerOptions` has them. */
export const peerOptionNames: ReadonlySet<string> = new Set<keyof PeerOptions>([
  'peer',
  'listen',
  'advertise',
  'grid',
  'slots',
  'diskLimit',
  'maxWall',
  'maxMemory',
  'maxResult',
  'maxStderr',
]);

/** More threads than this no machine of today has. */
const slotsMax = 1024;
/** A job that asks for more could keep a slot for days; its chunks should be cut finer. */
const wallMsMaxDefault = 3_600_000;
/** More than a chunk should need; a job that does is better computed where its owner allows it. */
const memoryBytesMaxDefault = 2 ** 30;

/** @param listen the default address */
export function addPeerOptions(command: Command, listen: string): Command {
  return command
    .addOption(
      listOption(
        '--peer <host:port>',
        'a peer to join through, until others are met',
        parseAddress(1),
      ),
    )
    .addOption(
      valueOption('--listen <host:port>', 'where to accept connections', parseAddress(0)).default(
        listen,
      ),
    )
    .addOption(
      listOption(
        '--advertise <host:port>',
        'the address to tell others, where it differs from --listen',
        parseAddress(1),
      ),
    )
    .addOption(option('--grid <file>', 'grid file of a private grid'))
    .addOption(
      valueOption(
        '--slots <n>',
        'chunks to compute at a time; 0 to only ask and relay',
        parseCount(0, slotsMax),
      ).default(availableParallelism(), "the machine's cores"),
    )
    .addOption(
      valueOption(
        '--disk-limit <size>',
        'what it keeps on disk: beyond that first programs of others go, then results of the ' +
          'oldest jobs (default: no limit)',
        parseBytes,
      ),
    )
    .addOption(
      valueOption('--max-wall <duration>', 'time it gives a chunk', parseDurationMs).default(
        wallMsMaxDefault,
        '1h',
      ),
    )
    .addOption(
      valueOption(
        '--max-memory <size>',
        "memory it gives a chunk (default: 1GiB, or a slot's share of half the machine's)",
        parseBytes,
      ),
    )
    .addOption(
      valueOption('--max-result <size>', 'size of a result it returns', parseResultBytes).default(
        limits.resultBytesMax,
        '16MiB',
      ),
    )
    .addOption(
      valueOption(
        '--max-stderr <size>',
        "what it keeps of a chunk's stderr",
        parseStderrBytes,
      ).default(limits.stderrBytesMax, '64KiB'),
    );
}

/**
 * What a volunteer gives a chunk where its owner says nothing: with all slots busy, half of the
 * machine stays free. But not less than jobs ask for by default, even where that is more on a
 * machine of many cores and little memory: few chunks come near what their job asks for, and a
 * volunteer that declines all jobs is none.
 */
export function memoryBytesMaxFor(machineBytes: number, slots: number): number {
  const half = machineBytes / 2;
  const share = Math.floor(half / Math.max(1, slots));
  return Math.floor(
    Math.max(Math.min(memoryBytesMaxDefault, share), Math.min(memoryBytesDefault, half)),
  );
}

/** Of this machine, or as much of it as this process may use. */
function machineBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}

export function nodeOptionsOf(options: PeerOptions, context: Context): NodeOptions {
  return {
    dataPath: context.dataPath,
    controlPath: context.controlPath,
    ...(options.diskLimit === undefined ? {} : { diskBytesMax: options.diskLimit }),
    listen: options.listen,
    advertise: options.advertise ?? [],
    peers: options.peer ?? [],
    ...(options.grid === undefined ? {} : { gridPath: resolve(options.grid) }),
    slots: options.slots,
    limits: {
      wallMsMax: options.maxWall,
      memoryBytesMax: options.maxMemory ?? memoryBytesMaxFor(machineBytes(), options.slots),
      resultBytesMax: options.maxResult,
      stderrBytesMax: options.maxStderr,
    },
    version: readVersion(),
  };
}
