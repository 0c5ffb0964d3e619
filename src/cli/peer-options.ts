/** The options of a peer: of `join`, and of `submit` where it has to run one of its own. */

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import type { NodeOptions } from '../runtime/create-node.ts';
import type { Context } from './context.ts';
import { listOption, option, valueOption } from './options.ts';
import { parseAddress, parseCount } from './values.ts';
import { readVersion } from './version.ts';

export type PeerOptions = {
  readonly peer?: readonly string[];
  readonly listen: string;
  readonly advertise?: readonly string[];
  readonly grid?: string;
  readonly slots: number;
};

/** More threads than this no machine of today has. */
const slotsMax = 1024;

/** @param listen the default address */
export function addPeerOptions(command: Command, listen: string): Command {
  return command
    .addOption(listOption('--peer <host:port>', 'a peer to join through', parseAddress(1)))
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
    );
}

export function nodeOptionsOf(options: PeerOptions, context: Context): NodeOptions {
  return {
    dataPath: context.dataPath,
    controlPath: context.controlPath,
    listen: options.listen,
    advertise: options.advertise ?? [],
    peers: options.peer ?? [],
    ...(options.grid === undefined ? {} : { gridPath: resolve(options.grid) }),
    slots: options.slots,
    version: readVersion(),
  };
}
