/**
 * Some hundred broadcasts on links of 50 ms, in a small loop that carries what they send. RMR is
 * relative message redundancy: offers received / (peers - 1) - 1, so 0 for a tree.
 */

import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import type { BroadcastMessage } from '../../../../src/model/messages.ts';
import type { Offer } from '../../../../src/model/offer.ts';
import { Broadcast } from '../../../../src/protocol/overlay/broadcast.ts';
import { OfferBook } from '../../../../src/protocol/overlay/offer-book.ts';
import type { OverlayStep } from '../../../../src/protocol/overlay/overlay.ts';
import { createRandom, type Random } from '../../../../src/protocol/random.ts';
import {
  at,
  jobNumbered,
  offerOf,
  peerNumbered,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';

const PEERS = 300;
const NEIGHBOURS = 5;
/** One way; from link to link and frame to frame 45 to 55. */
const LINK_MS = 50;

type Node = {
  readonly id: PeerId;
  readonly book: OfferBook;
  readonly broadcast: Broadcast;
  readonly links: Set<Node>;
  /** A hostile peer: it says all it should, but never sends an offer. */
  mute: boolean;
};

type Frame = { readonly from: Node; readonly to: Node; readonly message: BroadcastMessage };

class Grid {
  readonly nodes: Node[] = Array.from({ length: PEERS }, (_, number) => createNode(number));
  readonly #byId = new Map(this.nodes.map((node) => [node.id, node]));
  readonly #random: Random;
  /** By the millisecond at which they arrive. */
  readonly #frames = new Map<number, Frame[]>();
  #nowMs = 0;
  #jobs = 0;
  #payloads = 0;
  #hops = 0;

  constructor(seed: number) {
    this.#random = createRandom(seed);
    const ends = this.nodes.flatMap((node) => Array.from({ length: NEIGHBOURS }, () => node));
    for (let left = ends; left.length > 0;) {
      const a = this.#pick(left);
      const b = this.#pick(left);
      // The last few ends may all belong to peers that are neighbours already.
      if (left.length < 20 || (a !== b && !a.links.has(b))) {
        this.connect(a, b);
        left = without(without(left, a), b);
      }
    }
    this.run(3_000);
  }

  connect(a: Node, b: Node): void {
    if (a === b || a.links.has(b)) return;
    a.links.add(b);
    b.links.add(a);
    this.#carry(a, a.broadcast.neighbourUp(b.id, at(this.#nowMs)));
    this.#carry(b, b.broadcast.neighbourUp(a.id, at(this.#nowMs)));
  }

  cut(a: Node, b: Node): void {
    a.links.delete(b);
    b.links.delete(a);
    this.#carry(a, a.broadcast.neighbourDown(b.id));
    this.#carry(b, b.broadcast.neighbourDown(a.id));
  }

  run(ms: number): void {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs; this.#nowMs++) {
      for (const frame of this.#frames.get(this.#nowMs) ?? []) this.#deliver(frame);
      this.#frames.delete(this.#nowMs);
      for (const node of this.nodes) {
        if (node.broadcast.dueAtMs > this.#nowMs) continue;
        this.#carry(node, node.broadcast.tick(at(this.#nowMs)));
      }
    }
  }

  /** @returns the offer, on its way */
  publish(sender: Node): Offer {
    this.#payloads = 0;
    this.#hops = 0;
    const expiresAtMs = startUnixMs + this.#nowMs + 60_000;
    const job = jobNumbered(++this.#jobs);
    const signed = offerOf({ requester: sender.id, job, expiresAtMs });
    this.#carry(sender, sender.broadcast.publish(signed, at(this.#nowMs)));
    return signed.offer;
  }

  /** What came of an offer of this peer within so many milliseconds. */
  spread(sender: Node, withinMs: number) {
    const { requester, job } = this.publish(sender);
    this.run(withinMs);
    for (const { book } of this.nodes) book.expire(startUnixMs + this.#nowMs);
    const reached = this.nodes.filter(({ book }) => book.find(requester, job)).length;
    return { reached, rmr: this.#payloads / (PEERS - 1) - 1, lastHop: this.#hops };
  }

  #deliver({ from, to, message }: Frame): void {
    if (!from.links.has(to)) return;
    const { size } = to.book;
    this.#carry(to, to.broadcast.handle(from.id, message, at(this.#nowMs)));
    if (message.type !== 'gossip') return;
    this.#payloads += 1;
    if (to.book.size > size) this.#hops = Math.max(this.#hops, message.hops);
  }

  #carry(from: Node, steps: readonly OverlayStep[]): void {
    for (const step of steps) {
      if (step.type === 'news') continue;
      if (step.type !== 'send-overlay') throw new Error(`no correct peer does this: ${step.type}`);
      const to = this.#byId.get(step.to);
      if (to === undefined || !isBroadcast(step.message)) throw new Error('sent to nobody');
      if (from.mute && step.message.type === 'gossip') continue;
      const atMs = this.#nowMs + Math.round(LINK_MS * (0.9 + 0.2 * this.#random.next()));
      const frames = this.#frames.get(atMs);
      const frame = { from, to, message: step.message };
      if (frames === undefined) this.#frames.set(atMs, [frame]);
      else frames.push(frame);
    }
  }

  #pick(nodes: readonly Node[]): Node {
    const node = nodes[Math.floor(this.#random.next() * nodes.length)];
    if (node === undefined) throw new Error('nobody to pick');
    return node;
  }
}

function createNode(number: number): Node {
  const id = peerNumbered(number);
  const book = new OfferBook();
  return { id, book, broadcast: new Broadcast(id, book), links: new Set(), mute: false };
}

function without(nodes: readonly Node[], one: Node): Node[] {
  const at = nodes.indexOf(one);
  return nodes.filter((_, index) => index !== at);
}

function isBroadcast(message: { readonly type: string }): message is BroadcastMessage {
  return ['gossip', 'have', 'graft', 'want', 'prune'].includes(message.type);
}

function nodeAt(grid: Grid, index: number): Node {
  const node = grid.nodes[index];
  if (node === undefined) throw new Error(`no node ${index}`);
  return node;
}

describe.each([1, 2])('three hundred peers, seed %d', (seed) => {
  test('the first offer is a flood; after it each comes to each peer once, over few links', () => {
    const grid = new Grid(seed);
    const sender = nodeAt(grid, 0);
    expect(grid.spread(sender, 2_000).reached).toBe(PEERS);
    for (let round = 0; round < 5; round++) {
      const { reached, rmr, lastHop } = grid.spread(sender, 500);
      expect({ reached, rmr }).toEqual({ reached: PEERS, rmr: 0 });
      expect(lastHop).toBeLessThanOrEqual(7);
    }
  });

  test('ten senders in turn reach everybody at almost no more cost', () => {
    const grid = new Grid(seed);
    grid.spread(nodeAt(grid, 0), 2_000);
    for (let round = 0; round < 30; round++) {
      const { reached, rmr } = grid.spread(nodeAt(grid, (round % 10) * 30 + 3), 1_500);
      expect(reached).toBe(PEERS);
      expect(rmr).toBeLessThanOrEqual(0.05);
    }
    // And the tree finds back to the shortest paths when one of them goes on.
    let last = Infinity;
    for (let round = 0; round < 6; round++) ({ lastHop: last } = grid.spread(nodeAt(grid, 0), 500));
    expect(last).toBeLessThanOrEqual(7);
  });

  test('a fifth of them sends nothing on: all others are reached, soon within 3 s', () => {
    const grid = new Grid(seed);
    const sender = nodeAt(grid, 0);
    grid.spread(sender, 2_000);
    for (let index = 1; index < PEERS; index += 5) nodeAt(grid, index).mute = true;
    const honest = grid.nodes.filter(({ mute }) => !mute);
    const reachedIn = (ms: number) => {
      const { requester, job } = grid.publish(sender);
      grid.run(ms);
      return honest.filter(({ book }) => book.find(requester, job) !== undefined).length;
    };
    expect(reachedIn(10_000)).toBe(honest.length);
    for (let round = 0; round < 5; round++) expect(reachedIn(10_000)).toBe(honest.length);
    expect(reachedIn(3_000)).toBe(honest.length);
  });

  test('links cut while an offer is on its way, and up again, cost nobody the offer', () => {
    const grid = new Grid(seed);
    const sender = nodeAt(grid, 0);
    grid.spread(sender, 2_000);
    const { requester, job } = grid.publish(sender);
    grid.run(120);
    const links = grid.nodes
      .slice(0, 60)
      .flatMap((a) => Array.from(a.links, (b) => [a, b] as const));
    for (const [a, b] of links) if (a.links.has(b)) grid.cut(a, b);
    grid.run(500);
    for (const [a, b] of links) grid.connect(a, b);
    grid.run(3_000);
    expect(grid.nodes.filter(({ book }) => book.find(requester, job)).length).toBe(PEERS);
    expect(grid.spread(sender, 3_000).reached).toBe(PEERS);
  });

  test('the halves of a grid that was cut tell each other what the other has missed', () => {
    const grid = new Grid(seed);
    grid.spread(nodeAt(grid, 0), 2_000);
    const isLeft = (node: Node) => grid.nodes.indexOf(node) < PEERS / 2;
    // So that neither half falls apart.
    for (const [index, node] of grid.nodes.entries()) {
      const next = grid.nodes[index + 1];
      if (next !== undefined) grid.connect(node, next);
    }
    const across = grid.nodes
      .filter((node) => isLeft(node))
      .flatMap((a) => [...a.links].filter((b) => !isLeft(b)).map((b) => [a, b] as const));
    for (const [a, b] of across) grid.cut(a, b);
    const offers = [0, PEERS - 1].map((index) => grid.publish(nodeAt(grid, index)));
    grid.run(5_000);
    for (const [a, b] of across.slice(0, 3)) grid.connect(a, b);
    grid.run(10_000);
    for (const { requester, job } of offers) {
      expect(grid.nodes.filter(({ book }) => book.find(requester, job)).length).toBe(PEERS);
    }
  });
});
