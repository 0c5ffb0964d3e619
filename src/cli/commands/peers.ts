/** `peers` and `status`: who is here, what this peer is doing and why. */

import type { Command } from 'commander';

import type { Peer, PeerStatus } from '../../transport/control-client.ts';
import { Context, type Io } from '../context.ts';
import { bytesText, countText, durationText, plain, plural, table, wrap } from '../format.ts';
import { shortId } from '../job-view.ts';

export function addPeers(program: Command, io: Io): void {
  program
    .command('peers')
    .summary('list the peers that this one knows')
    .description('List the peers that this one knows.')
    .addHelpText('after', '\nExamples:\n  manyhands peers\n  manyhands peers --json')
    .action((_options: object, self: Command) => listPeers(new Context(self, io)));
  program
    .command('status')
    .summary('show what this peer is doing, and why')
    .description('Show what this peer is doing, and why.')
    .addHelpText('after', '\nExamples:\n  manyhands status\n  manyhands status --json | jq .state')
    .action((_options: object, self: Command) => showStatus(new Context(self, io)));
}

async function listPeers(context: Context): Promise<void> {
  const { peers } = await context.withPeer((client) => client.listPeers());
  if (context.json) context.printJson(peers);
  else if (peers.length > 0) {
    context.print(...peersLines(peers, context.columns));
    const refused = refusedLines(peers, context.columns);
    if (refused.length > 0) context.print('', 'Refused:', ...refused);
  } else {
    context.print(
      'This peer knows no other. Join through one you know: `manyhands join --peer host:port`,',
      'or have others join through this one; `manyhands status` shows its address.',
    );
  }
}

function peersLines(peers: readonly Peer[], columns: number): string[] {
  const rows = peers.map((peer) => {
    const { peerId, neighbour, volunteer, requester, refused, addresses, features } = peer;
    const roles = [
      ...(refused === '' ? [] : ['refused']),
      ...(neighbour ? ['neighbour'] : []),
      ...(volunteer ? ['computes for us'] : []),
      ...(requester ? ['we compute for it'] : []),
    ];
    const [first = '-', ...others] = addresses;
    return [
      shortId(peerId),
      roles.join(', ') || 'known',
      features.join(', ') || '-',
      others.length === 0 ? first : `${first}, ${others.length} more`,
    ];
  });
  return table(
    [
      { title: 'PEER' },
      { title: 'ROLE', columnsMin: 9 },
      { title: 'FEATURES', columnsMin: 8 },
      { title: 'ADDRESS', columnsMin: 12 },
    ],
    rows,
    columns,
  );
}

/** Why they are refused takes more room than a column has. */
function refusedLines(peers: readonly Peer[], columns: number): string[] {
  const refused = peers.filter((peer) => peer.refused !== '');
  const lines = refused.map((peer) => `${shortId(peer.peerId)} ${plain(peer.refused)}`);
  return lines.flatMap((line) => wrap(line, columns));
}

async function showStatus(context: Context): Promise<void> {
  const status = await context.withPeer((client) => client.status());
  if (context.json) {
    const { _pausedUntilMs: _marker, ...document } = status;
    context.printJson(document);
  } else {
    context.print(...statusLines(status, context.columns, Date.now()));
  }
}

function statusLines(status: PeerStatus, columns: number, nowMs: number): string[] {
  const { pausedUntilMs } = status;
  const until =
    pausedUntilMs === undefined
      ? ''
      : `, for ${durationText(Math.max(pausedUntilMs - nowMs, 0))} more`;
  const fields: [string, string][] = [
    ['peer', `${shortId(status.peerId)}, version ${status.version}, process ${status.pid}`],
    ['state', `${status.state}${until}${status.reason === '' ? '' : `: ${plain(status.reason)}`}`],
    ['slots', `${status.slotsBusy} of ${status.slots} busy, ${plural(status.leasesHeld, 'lease')}`],
    [
      'computed',
      `${plural(status.replicasReturned, 'replica')} in ` +
        durationText(status.computeSeconds * 1000),
    ],
    ['grid', plain(status.grid)],
    ['address', status.addresses.join(', ') || 'none'],
    [
      'overlay',
      `${plural(status.neighbours, 'neighbour')}, ${countText(status.knownPeers)} known, ` +
        plural(status.offers, 'offer'),
    ],
    ...partedFields(status),
    [
      'metrics',
      status.metricsAddress === '' ? 'not served' : `http://${status.metricsAddress}/metrics`,
    ],
    ['data', status.dataPath],
    ['disk', diskText(status)],
    ...(status.diskTrouble === ''
      ? []
      : [['syncs', `not: ${plain(status.diskTrouble)}`] satisfies [string, string]]),
    ['up', durationText(status.uptimeMs)],
    [
      'gives',
      `a chunk up to ${durationText(status.wallMsMax)} and ` +
        `${bytesText(status.memoryBytesMax)} of memory`,
    ],
    ...sandboxFields(status),
    ...status.undelivered.map(({ peerId, results }): [string, string] => [
      'owes',
      `${plural(results, 'result')} to ${shortId(peerId)}, which has not acknowledged them`,
    ]),
    ...status.refused.map(({ peerId, why }): [string, string] => [
      'refuses',
      `${shortId(peerId)}: ${plain(why)}`,
    ]),
    ...status.declined.map(({ name, reason }): [string, string] => [
      'declines',
      `${plain(name)}: ${plain(reason)}`,
    ]),
  ];
  return fields.flatMap(([name, value]) => {
    const lines = wrap(value, Math.max(columns - labelColumns, 20));
    return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(labelColumns)}${line}`);
  });
}

function diskText({ diskBytes, diskBytesMax }: PeerStatus): string {
  const of = diskBytesMax === 0 ? ', no limit' : ` of ${bytesText(diskBytesMax)}`;
  return `${bytesText(diskBytes)} used${of}`;
}

/** Nothing where there was none. */
function partedFields(status: PeerStatus): [string, string][] {
  const counts: readonly (readonly [number, string])[] = [
    [status.peersDead, 'dead'],
    [status.peersUnreachable, 'out of reach'],
    [status.peersMisbehaved, 'misbehaving'],
  ];
  const some = counts.filter(([count]) => count > 0);
  if (some.length === 0) return [];
  return [
    ['parted', `from ${some.map(([count, what]) => `${countText(count)} ${what}`).join(', ')}`],
  ];
}

/** Nothing where it never died. */
function sandboxFields({ sandboxRestarts, sandboxTrouble }: PeerStatus): [string, string][] {
  if (sandboxRestarts === 0 && sandboxTrouble === '') return [];
  const restarts = `started again ${plural(sandboxRestarts, 'time')}`;
  const trouble = sandboxTrouble === '' ? 'up' : `down: ${plain(sandboxTrouble)}`;
  return [['sandbox', `${trouble}, ${restarts}`]];
}

const labelColumns = 10;
