import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import { TicketQueue } from '../../../../src/protocol/requester/ticket-queue.ts';
import { anna, bert, cora, peerNumbered } from '../../../support/protocol-fixtures.ts';

type Answer = 'take' | 'drop' | 'skip';

/** What a peer is offered, and what it took. */
function walk(
  queue: TicketQueue,
  peer: PeerId,
  count: number,
  answer: (chunk: number) => Answer = () => 'take',
): number[] {
  const met: number[] = [];
  queue.walk(peer, count, (chunk) => {
    met.push(chunk);
    return answer(chunk);
  });
  return met;
}

function queueOf(...chunks: number[]): TicketQueue {
  const queue = new TicketQueue();
  for (const chunk of chunks) queue.add(chunk);
  return queue;
}

test('tickets are taken oldest first, as many as wanted', () => {
  const queue = queueOf(7, 3, 9, 1);
  expect(walk(queue, anna, 3)).toEqual([7, 3, 9]);
  expect(queue.size).toBe(1);
  expect(walk(queue, anna, 3)).toEqual([1]);
  expect(queue.size).toBe(0);
});

test('what one peer skips is left to others', () => {
  const queue = queueOf(1, 2, 3);
  expect(walk(queue, anna, 3, (chunk) => (chunk === 3 ? 'take' : 'skip'))).toEqual([1, 2, 3]);
  expect(walk(queue, bert, 3)).toEqual([1, 2]);
});

test('a peer meets a ticket once', () => {
  const queue = queueOf(1, 2);
  expect(walk(queue, anna, 9, () => 'skip')).toEqual([1, 2]);
  expect(walk(queue, anna, 9, () => 'skip')).toEqual([]);
  queue.add(1);
  expect(walk(queue, anna, 9, () => 'skip')).toEqual([1]);
  expect(queue.size).toBe(3);
});

test('a ticket that nobody needs is dropped and counts for nobody', () => {
  const queue = queueOf(1, 2, 3);
  expect(walk(queue, anna, 1, (chunk) => (chunk === 3 ? 'take' : 'drop'))).toEqual([1, 2, 3]);
  expect(queue.size).toBe(0);
});

test('a peer that went away starts at the front again', () => {
  const queue = queueOf(1, 2);
  walk(queue, anna, 9, () => 'skip');
  queue.forget(anna);
  expect(walk(queue, anna, 9, () => 'skip')).toEqual([1, 2]);
});

test('a ticket that nobody may take holds up none of those behind it', () => {
  const stuck = 100_000;
  const queue = queueOf(stuck);
  const taken: number[] = [];
  for (let chunk = 0; chunk < stuck; chunk++) {
    queue.add(chunk);
    taken.push(...walk(queue, anna, 1, (met) => (met === stuck ? 'skip' : 'take')).slice(-1));
  }
  expect(taken).toEqual(Array.from({ length: stuck }, (_, chunk) => chunk));
  expect(walk(queue, bert, 1)).toEqual([stuck]);
  expect(queue.size).toBe(0);
});

test('the line does what a naive one does, through many cuts', () => {
  for (const seed of [1, 2, 3]) {
    const random = createRandom(seed);
    const queue = new TicketQueue();
    /** All tickets ever, with the peers that met them; `undefined` once consumed. */
    const naive: ({ chunk: number; met: Set<PeerId> } | undefined)[] = [];
    const peers = [anna, bert, cora, ...[1, 2, 3].map(peerNumbered)];
    /** Odd chunks are nobody's but cora's, so that tickets stay behind. */
    const answer = (peer: PeerId, chunk: number): Answer => {
      if (chunk % 2 === 1) return peer === cora ? 'take' : 'skip';
      return chunk % 10 === 0 ? 'drop' : 'take';
    };
    let front = 0;
    for (let step = 0; step < 3_000; step++) {
      for (let added = Math.floor(random.next() * 20); added > 0; added--) {
        const chunk = Math.floor(random.next() * 1000);
        queue.add(chunk);
        naive.push({ chunk, met: new Set() });
      }
      // Cora comes seldom, and others take most of what she leaves.
      const peer = peers[step % 50 === 0 ? 2 : Math.floor(random.next() * 2)] ?? anna;
      const count = Math.floor(random.next() * 40);
      const expected: number[] = [];
      let left = count;
      for (let index = front; index < naive.length && left > 0; index++) {
        const ticket = naive[index];
        if (ticket === undefined || ticket.met.has(peer)) continue;
        ticket.met.add(peer);
        expected.push(ticket.chunk);
        const given = answer(peer, ticket.chunk);
        if (given === 'take') left -= 1;
        if (given !== 'skip') naive[index] = undefined;
      }
      while (front < naive.length && naive[front] === undefined) front += 1;
      expect(walk(queue, peer, count, (chunk) => answer(peer, chunk))).toEqual(expected);
      expect(queue.size).toBe(naive.filter((ticket) => ticket !== undefined).length);
    }
  }
});
