import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import type { PeerEvent } from '../../../src/protocol/events.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { NeighbourLog } from '../../../src/runtime/neighbour-log.ts';
import { anna, bert, cora } from '../../support/protocol-fixtures.ts';

const tick: PeerEvent = { type: 'tick' };
const disconnect: PeerEvent = {
  type: 'overlay-message',
  from: bert,
  message: { type: 'disconnect' },
};

function logged(...steps: readonly (readonly [PeerEvent, readonly PeerId[]])[]): string[] {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      const { msg, peer, reason } = Object(JSON.parse(String(chunk)));
      lines.push([msg, String(peer).slice(0, 4), ...(reason === undefined ? [] : [reason])].join());
      done();
    },
  });
  const log = new NeighbourLog(createLog({ level: 'info', stream }));
  for (const [event, peers] of steps) log.compare(new Map(peers.map((peer) => [peer, 0])), event);
  return lines;
}

test('each neighbour is told of once when it comes and once when it goes', () => {
  expect(logged([tick, [anna]], [tick, [anna, bert]], [tick, [anna, bert]], [tick, []])).toEqual([
    'neighbour up,anna',
    'neighbour up,bert',
    'neighbour down,anna',
    'neighbour down,bert',
  ]);
});

test('one that makes room for another says so, and takes the blame for no other', () => {
  expect(logged([tick, [anna, bert]], [disconnect, [cora]]).slice(2)).toEqual([
    'neighbour down,anna',
    'neighbour down,bert,it makes room for another',
    'neighbour up,cora',
  ]);
});
