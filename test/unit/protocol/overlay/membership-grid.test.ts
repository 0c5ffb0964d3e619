/** Some hundred memberships, wired to each other without delay. */

import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { isMembership } from '../../../../src/model/messages.ts';
import { Membership } from '../../../../src/protocol/overlay/membership.ts';
import type { OverlayStep } from '../../../../src/protocol/overlay/overlay.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import {
  addressNumbered,
  ipNumbered,
  optionsOf,
  signedRecord,
} from '../../../support/membership-fixtures.ts';
import { at, peerNumbered } from '../../../support/protocol-fixtures.ts';

type Member = { readonly number: number; readonly self: PeerId; readonly membership: Membership };

class Grid {
  readonly #members = new Map<PeerId, Member>();
  readonly #byAddress = new Map<string, Member>();
  /** By both ends; the number tells a link from a later one between the same. */
  readonly #links = new Map<string, number>();
  #linksEver = 0;
  /** What is to happen now, in its order. */
  readonly #todo: (() => void)[] = [];
  #nowMs = 0;

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  join(number: number, through: readonly number[]): void {
    const entrances = through.map(addressNumbered);
    const self = peerNumbered(number);
    const options = optionsOf({ self, addresses: () => [addressNumbered(number)], entrances });
    const member = { number, self, membership: new Membership(options, createRandom(number + 1)) };
    this.#members.set(self, member);
    this.#byAddress.set(addressNumbered(number), member);
    this.#carryOut(member, member.membership.tick(at(this.#nowMs)));
    this.#drain();
  }

  kill(number: number): void {
    const self = peerNumbered(number);
    this.#members.delete(self);
    this.#byAddress.delete(addressNumbered(number));
    for (const other of this.members) this.#breakLink(self, other.self);
    this.#drain();
  }

  run(ms: number): void {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs; this.#nowMs += 100) {
      for (const member of this.members) {
        if (member.membership.dueAtMs > this.#nowMs) continue;
        this.#carryOut(member, member.membership.tick(at(this.#nowMs)));
      }
      this.#drain();
    }
  }

  #drain(): void {
    for (let next = this.#todo.shift(); next !== undefined; next = this.#todo.shift()) next();
  }

  #carryOut(member: Member, steps: readonly OverlayStep[]): void {
    for (const step of steps) {
      if (step.type === 'part') throw new Error(`${step.peer} counts as ${step.because}`);
      if (step.type === 'sign-record') {
        const now = at(this.#nowMs);
        this.#carryOut(member, member.membership.recordSigned(signedRecord(step.record), now));
      }
      if (step.type === 'hang-up') this.#breakLink(member.self, step.peer, member.self);
      if (step.type === 'dial') this.#todo.push(() => this.#dial(member, step.address));
      if (step.type === 'send-overlay') this.#send(member, step);
    }
  }

  #send({ self }: Member, { to, message }: Extract<OverlayStep, { type: 'send-overlay' }>): void {
    if (!this.#links.has(linkOf(self, to))) return;
    this.#tell(to, ({ membership }) => {
      if (!isMembership(message)) throw new Error(`${message.type} is none of membership`);
      return membership.handle(self, message, at(this.#nowMs));
    });
  }

  #dial(member: Member, address: string): void {
    const now = at(this.#nowMs);
    const other = this.#byAddress.get(address);
    if (!this.#members.has(member.self)) return;
    if (other === undefined || this.#links.has(linkOf(member.self, other.self))) {
      this.#carryOut(member, member.membership.dialFailed(address, now));
      return;
    }
    this.#linksEver += 1;
    this.#links.set(linkOf(member.self, other.self), this.#linksEver);
    const up = { type: 'link-up' } as const;
    const [here, there] = [member, other].map(({ number, self: peer }) => ({
      peer,
      remote: ipNumbered(number),
    }));
    if (here === undefined || there === undefined) return;
    const came = { ...up, ...here, direction: 'incoming' } as const;
    this.#carryOut(other, other.membership.linkUp(came, now));
    const went = { ...up, ...there, direction: 'outgoing', dialled: address } as const;
    this.#carryOut(member, member.membership.linkUp(went, now));
  }

  /** Who hung up itself is not told. */
  #breakLink(one: PeerId, two: PeerId, by?: PeerId): void {
    const link = linkOf(one, two);
    const number = this.#links.get(link);
    if (number === undefined) return;
    for (const [peer, other] of [
      [one, two],
      [two, one],
    ] as const) {
      if (peer === by) continue;
      this.#tell(peer, ({ membership }) => {
        const isThere = this.#links.get(link) === number;
        return isThere ? membership.linkDown(other, false, at(this.#nowMs)) : [];
      });
    }
    // After what was sent.
    this.#todo.push(() => {
      if (this.#links.get(link) === number) this.#links.delete(link);
    });
  }

  #tell(peer: PeerId, what: (member: Member) => readonly OverlayStep[]): void {
    this.#todo.push(() => {
      const member = this.#members.get(peer);
      if (member !== undefined) this.#carryOut(member, what(member));
    });
  }
}

function linkOf(one: PeerId, two: PeerId): string {
  return one < two ? `${one} ${two}` : `${two} ${one}`;
}

/** How many peers a message from the first would reach. */
function reachedIn(members: readonly Member[]): number {
  const byId = new Map(members.map((member) => [member.self, member]));
  const reached = new Set(members.slice(0, 1));
  for (const { membership } of reached) {
    for (const peer of membership.neighbours.keys()) {
      const other = byId.get(peer);
      if (other !== undefined) reached.add(other);
    }
  }
  return reached.size;
}

function expectSoundViews(members: readonly Member[]): void {
  const byId = new Map(members.map((member) => [member.self, member]));
  for (const { self, membership } of members) {
    expect(membership.neighbours.size).toBeLessThanOrEqual(5);
    expect(membership.passive.size).toBeLessThanOrEqual(60);
    expect(membership.passive.has(self)).toBe(false);
    for (const peer of membership.neighbours.keys()) {
      expect(byId.get(peer)?.membership.neighbours.has(self), `${self} and ${peer}`).toBe(true);
    }
  }
}

function gridOf(count: number): Grid {
  const grid = new Grid();
  for (let number = 0; number < count; number++) {
    grid.join(number, number === 0 ? [] : [0]);
    if (number % 30 === 29) grid.run(1_000);
  }
  return grid;
}

test('300 peers that join through one are one grid, with symmetric views of the right size', () => {
  const grid = gridOf(300);
  grid.run(60_000);
  const { members } = grid;
  expect(reachedIn(members)).toBe(300);
  expectSoundViews(members);
  const full = members.filter(({ membership }) => membership.neighbours.size === 5);
  expect(full.length).toBeGreaterThan(240);
});

test('after half of them died, the one that all joined through too, it is one grid again', () => {
  const grid = gridOf(300);
  grid.run(60_000);
  const random = createRandom(5);
  for (let number = 0; number < 300; number++) {
    if (number === 0 || random.next() < 0.5) grid.kill(number);
  }
  grid.run(10_000);
  const { members } = grid;
  expect(members.length).toBeLessThan(180);
  expect(reachedIn(members)).toBe(members.length);
  expectSoundViews(members);
});

test('five peers are all neighbours of each other, and have nothing more to do', () => {
  const grid = gridOf(5);
  grid.run(60_000);
  for (const { membership } of grid.members) expect(membership.neighbours.size).toBe(4);
  expectSoundViews(grid.members);
});
