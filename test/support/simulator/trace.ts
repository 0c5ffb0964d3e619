/**
 * What happened, as a number: two runs of one seed have the same. The last events are kept as they
 * came and are written out only when somebody wants to read them.
 */

import { inspect } from 'node:util';

import type { PeerEvent } from '../../../src/protocol/events.ts';

/** Enough to see what led to a violation. */
const KEPT_MAX = 300;
/** A line of the readable form: longer ones are cut. */
const LINE_CHARS_MAX = 300;

type Entry = { readonly atMs: number; readonly node: number; readonly event: PeerEvent };

export class Trace {
  readonly #entries: Entry[] = [];
  readonly #codes = new Map<string, number>();
  #count = 0;
  #high = 0x243f6a88;
  #low = 0x85a308d3;

  /** @param outcome how many effects it had, or anything else that tells runs apart */
  add(atMs: number, node: number, event: PeerEvent, outcome: number): void {
    // Microseconds, of which the lower 32 bits will do.
    this.#mix(Math.floor(atMs * 1000) | 0);
    this.#mix(node ^ (outcome << 20));
    this.#mix(this.#codeOf(event.type));
    this.#addFields(event);
    this.#entries[this.#count % KEPT_MAX] = { atMs, node, event };
    this.#count += 1;
  }

  /** Events so far. */
  get count(): number {
    return this.#count;
  }

  get hash(): string {
    return [this.#high, this.#low].map((half) => hex(half >>> 0)).join('');
  }

  /** The last events, the last one at the end. */
  lines(countMax = KEPT_MAX): string[] {
    const count = Math.min(countMax, this.#count, KEPT_MAX);
    return Array.from({ length: count }, (_, index) => {
      const entry = this.#entries[(this.#count - count + index) % KEPT_MAX];
      return entry === undefined ? '' : readable(entry);
    });
  }

  #addFields(event: PeerEvent): void {
    switch (event.type) {
      case 'overlay-message':
        this.#mix(this.#codeOf(event.message.type));
        this.#mixStart(event.from);
        return;
      case 'volunteer-message':
      case 'requester-message':
        this.#mix(this.#codeOf(event.message.type));
        this.#mixStart(event.from);
        return;
      case 'link-up':
      case 'link-down':
      case 'volunteer-up':
      case 'volunteer-down':
      case 'requester-up':
      case 'requester-down':
        this.#mixStart(event.peer);
        return;
      case 'run-done':
        this.#mix(event.run);
        this.#mix(event.outcomes.length);
        return;
      default:
    }
  }

  /** Ids are random: their first letters tell them apart. */
  #mixStart(id: string): void {
    this.#mix(id.charCodeAt(0) | (id.charCodeAt(1) << 8) | (id.charCodeAt(2) << 16));
  }

  #mix(value: number): void {
    const low = Math.imul(this.#low ^ value, 0x9e3779b1);
    this.#low = (low << 13) | (low >>> 19);
    const high = Math.imul(this.#high + this.#low, 0x85ebca77);
    this.#high = (high << 17) | (high >>> 15);
  }

  #codeOf(type: string): number {
    let code = this.#codes.get(type);
    if (code === undefined) {
      code = Array.from(type).reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) | 0;
      this.#codes.set(type, code);
    }
    return code;
  }
}

function readable({ atMs, node, event }: Entry): string {
  const text = inspect(event, {
    depth: 4,
    compact: true,
    breakLength: Infinity,
    maxArrayLength: 4,
  });
  return `${atMs.toFixed(3)} #${node} ${text.slice(0, LINE_CHARS_MAX)}`;
}

function hex(bits: number): string {
  return bits.toString(16).padStart(8, '0');
}
