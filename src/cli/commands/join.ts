/** `join`: a peer in the foreground, until it is told to stop. */

import type { Command } from 'commander';

import { GridError } from '../../model/errors.ts';
import type { Logger } from '../../runtime/log.ts';
import { type LogFormat, logFormats, type LogLevel, logLevels } from '../../runtime/log-options.ts';
import { keepHeapSmall } from '../../runtime/small-heap.ts';
import { Context, type Io } from '../context.ts';
import { onInterrupts } from '../interrupts.ts';
import { valueOption } from '../options.ts';
import { addPeerOptions, nodeOptionsOf, type PeerOptions } from '../peer-options.ts';
import { parseAddress, parseWord } from '../values.ts';

type JoinOptions = PeerOptions & {
  readonly metrics?: string;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
};

export function addJoin(program: Command, io: Io): void {
  addPeerOptions(
    program
      .command('join')
      .summary('run a peer in the foreground')
      .description(
        'Run a peer in the foreground: it computes for others and takes your own jobs. Ctrl-C ' +
          'lets the chunks at hand run for 5 s more, gives the others back and stops it; twice, ' +
          'it stops at once; `manyhands finish` lets it end its work first. Peers met are ' +
          'remembered: --peer is needed for the first start only.',
      ),
    '0.0.0.0:7420',
  )
    .addOption(valueOption('--metrics <host:port>', 'serve /metrics and /healthz', parseAddress(0)))
    .addOption(
      valueOption('--log-level <level>', logLevels.join(', '), parseWord(logLevels)).default(
        'info',
      ),
    )
    .addOption(
      valueOption('--log-format <format>', logFormats.join(', '), parseWord(logFormats)).default(
        io.stderr.isTTY === true ? 'pretty' : 'json',
        'pretty on a terminal, else json',
      ),
    )
    .addHelpText(
      'after',
      `
Examples:
  manyhands join                                 the first peer, or a restart
  manyhands join --peer 192.0.2.7:7420           join through a peer you know
  manyhands join --slots 2 --metrics 127.0.0.1:9464
  manyhands join --grid our.grid --peer grid.example.org:7420`,
    )
    .action((options: JoinOptions, command: Command) => join(options, new Context(command, io)));
}

async function join(options: JoinOptions, context: Context): Promise<void> {
  // Before the rest is loaded, which already leaves much to collect.
  keepHeapSmall();
  const [{ createNode }, log] = await Promise.all([
    import('../../runtime/create-node.ts'),
    openLog(options, context),
  ]);
  const { metrics } = options;
  const node = await createNode(
    { ...nodeOptionsOf(options, context), ...(metrics === undefined ? {} : { metrics }) },
    { log },
  );
  const ended = new Promise<void>((resolve, reject) => {
    onInterrupts(['SIGINT', 'SIGTERM', 'SIGHUP'], (times) => {
      const interrupted = new GridError('interrupted', 'Ended without waiting for the rest.');
      if (times > 2) reject(interrupted);
      else if (times > 1) node.stop().then(() => reject(interrupted), reject);
      else node.leave().then(resolve, reject);
    });
    node.stopped.then(resolve, reject);
  });
  // Only now: who reads this may tell it to end at once.
  if (context.json) {
    const { peer, addresses, metricsAddress } = node;
    context.printJson({ peer, addresses, metricsAddress, controlPath: context.controlPath });
  }
  await ended;
}

async function openLog({ logLevel, logFormat }: JoinOptions, { io }: Context): Promise<Logger> {
  const options = { level: logLevel, stream: io.stderr };
  if (logFormat === 'json') return (await import('../../runtime/log.ts')).createLog(options);
  return (await import('../../runtime/pretty-log.ts')).createPrettyLog(options);
}
