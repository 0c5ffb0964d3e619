/**
 * Many failure detectors that watch each other: a virtual clock, links that delay and lose packets
 * as TCP does, peers that freeze, and peers that lose power. What the rest of a peer would do is
 * done here in as few words as it takes.
 */

import type { PeerId } from '../../src/model/ids.ts';
import type { OverlayMessage } from '../../src/model/messages.ts';
import { Awareness } from '../../src/protocol/awareness.ts';
import { FailureDetector } from '../../src/protocol/overlay/failure-detector.ts';
import type { OverlayStep } from '../../src/protocol/overlay/overlay.ts';
import { createRandom, type Random, sample } from '../../src/protocol/random.ts';
import { at, peerNumbered, recordOf } from './protocol-fixtures.ts';

const LINK_MS = 50;
/** A lost packet is sent again after so long. */
const LOSS = { share: 0.01, msMin: 200, msMax: 1_000 };
const DIAL_MS_MAX = 5_000;

export type Parting = {
  readonly by: PeerId;
  readonly peer: PeerId;
  readonly because: string;
  /** Since it lost power; undefined if it is alive. */
  readonly afterMs: number | undefined;
};

type Node = {
  readonly self: PeerId;
  readonly awareness: Awareness;
  readonly detector: FailureDetector;
  readonly neighbours: Set<PeerId>;
  /** It does nothing before. */
  frozenUntilMs: number;
  diedAtMs: number | undefined;
  wakeAtMs: number;
};

type Task = { readonly atMs: number; readonly run: () => void };

export class DetectorWorld {
  readonly nodes = new Map<PeerId, Node>();
  readonly partings: Parting[] = [];
  readonly sent = new Map<string, number>();
  nowMs = 1_000_000;
  readonly #random: Random;
  /** By the millisecond at which they are due, in the order in which they were planned. */
  readonly #tasks = new Map<number, Task[]>();
  /** When the last message of each way arrives: a stream keeps the order. */
  readonly #arrivals = new Map<string, number>();

  constructor(seed: number, size: number, degree: number) {
    this.#random = createRandom(seed);
    for (let number = 0; number < size; number++) {
      const self = peerNumbered(number);
      const awareness = new Awareness();
      this.nodes.set(self, {
        self,
        awareness,
        detector: new FailureDetector(awareness, createRandom(seed + number)),
        neighbours: new Set(),
        frozenUntilMs: 0,
        diedAtMs: undefined,
        wakeAtMs: Infinity,
      });
    }
    const all = [...this.nodes.values()];
    for (const node of all) {
      const missing = degree - node.neighbours.size;
      for (const other of this.#strangers(node, all, degree, missing)) this.#link(node, other);
    }
  }

  get random(): Random {
    return this.#random;
  }

  node(peer: PeerId): Node {
    const node = this.nodes.get(peer);
    if (node === undefined) throw new Error(`no peer ${peer}`);
    return node;
  }

  runFor(ms: number, eachSecond: () => void = () => undefined): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs++) {
      if (this.nowMs % 1_000 === 0) eachSecond();
      for (const { run } of this.#tasks.get(this.nowMs) ?? []) run();
      this.#tasks.delete(this.nowMs);
    }
  }

  #strangers(node: Node, all: readonly Node[], degree: number, count: number): Node[] {
    const may = (other: Node) =>
      other !== node && !node.neighbours.has(other.self) && other.neighbours.size < degree;
    return sample(this.#random, all.filter(may), Math.max(count, 0));
  }

  #link(one: Node, other: Node): void {
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      here.neighbours.add(there.self);
      here.detector.neighbourUp(recordOf(there.self), this.nowMs);
      this.#wake(here);
    }
  }

  /**
   * At once, or when the peer is no longer frozen; never once it is dead.
   * @param thawMs later: what came while it was frozen is read after its timers have fired
   */
  #at(atMs: number, node: Node, run: () => void, thawMs = 1): void {
    const dueMs = Math.max(Math.ceil(atMs), this.nowMs + 1);
    const due = this.#tasks.get(dueMs) ?? [];
    this.#tasks.set(dueMs, due);
    due.push({
      atMs: dueMs,
      run: () => {
        if (node.diedAtMs !== undefined) return;
        if (node.frozenUntilMs > this.nowMs)
          this.#at(node.frozenUntilMs + thawMs, node, run, thawMs);
        else run();
      },
    });
  }

  #wake(node: Node): void {
    const { dueAtMs } = node.detector;
    if (dueAtMs === node.wakeAtMs) return;
    node.wakeAtMs = dueAtMs;
    if (dueAtMs === Infinity) return;
    const tick = (): void => {
      if (node.wakeAtMs !== dueAtMs) return;
      node.awareness.woke(this.nowMs - dueAtMs, this.nowMs);
      node.wakeAtMs = Infinity;
      this.#carryOut(node, node.detector.tick(at(this.nowMs)));
    };
    this.#at(dueAtMs, node, tick, 0);
  }

  #carryOut(node: Node, steps: readonly OverlayStep[]): void {
    for (const step of steps) {
      if (step.type === 'send-overlay') this.#send(node, step.to, step.message);
      else if (step.type === 'dial') this.#dial(node, step.address, step.expected);
      else if (step.type === 'part') this.#part(node, step.peer, step.because);
    }
    this.#wake(node);
  }

  #part(node: Node, peer: PeerId, because: string): void {
    const { diedAtMs } = this.node(peer);
    const afterMs = diedAtMs === undefined ? undefined : this.nowMs - diedAtMs;
    this.partings.push({ by: node.self, peer, because, afterMs });
    node.neighbours.delete(peer);
    this.#carryOut(node, node.detector.neighbourDown(peer));
  }

  #send(node: Node, to: PeerId, message: OverlayMessage): void {
    this.sent.set(message.type, (this.sent.get(message.type) ?? 0) + 1);
    const way = `${node.self} ${to}`;
    const isLost = this.#random.next() < LOSS.share;
    const lostMs = LOSS.msMin + this.#random.next() * (LOSS.msMax - LOSS.msMin);
    const arrivesMs = this.nowMs + LINK_MS + (isLost ? lostMs : 0);
    const atMs = Math.max(arrivesMs, this.#arrivals.get(way) ?? 0);
    this.#arrivals.set(way, atMs);
    const target = this.node(to);
    this.#at(atMs, target, () => this.#receive(target, node.self, message));
  }

  #receive(node: Node, from: PeerId, message: OverlayMessage): void {
    if (!node.neighbours.has(from)) return;
    const { detector } = node;
    detector.heard(from, this.nowMs);
    if (message.type === 'ping') {
      this.#send(node, from, { type: 'pong', id: message.id });
    } else if (
      message.type === 'pong' ||
      message.type === 'probe' ||
      message.type === 'probe-result'
    ) {
      this.#carryOut(node, detector.handle(from, message, at(this.nowMs)));
    }
    this.#wake(node);
  }

  /** A link takes two ways there and back; where nobody is nothing comes back. */
  #dial(node: Node, address: string, expected: PeerId | undefined): void {
    if (expected === undefined) throw new Error('a probe has to reach whom it means');
    const target = this.node(expected);
    let isOver = false;
    this.#at(this.nowMs + 3 * LINK_MS, target, () => {
      this.#at(this.nowMs + LINK_MS, node, () => {
        if (isOver) return;
        isOver = true;
        this.#carryOut(node, node.detector.linkUp(expected, address));
      });
    });
    this.#at(this.nowMs + DIAL_MS_MAX, node, () => {
      if (isOver) return;
      isOver = true;
      this.#carryOut(node, node.detector.dialFailed(address) ?? []);
    });
  }
}
