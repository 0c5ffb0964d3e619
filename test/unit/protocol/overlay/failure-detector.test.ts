import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import type { LivenessMessage } from '../../../../src/model/messages.ts';
import { Awareness } from '../../../../src/protocol/awareness.ts';
import { FailureDetector } from '../../../../src/protocol/overlay/failure-detector.ts';
import type { OverlayStep } from '../../../../src/protocol/overlay/overlay.ts';
import {
  anna,
  at,
  bert,
  cora,
  dora,
  peerNamed,
  recordOf,
} from '../../../support/protocol-fixtures.ts';

const emil = peerNamed('emil');
const send = (to: PeerId, message: LivenessMessage): OverlayStep => ({
  type: 'send-overlay',
  to,
  message,
});
const ping = (to: PeerId, id: number) => send(to, { type: 'ping', id });
const probe = (to: PeerId, id: number, of: PeerId) =>
  send(to, { type: 'probe', id, record: recordOf(of) });
const part = (peer: PeerId, because: 'dead' | 'unreachable'): OverlayStep => ({
  type: 'part',
  peer,
  because,
});

/** Its first look is at once, and of others it asks the first ones. */
function watching(...peers: PeerId[]) {
  const awareness = new Awareness();
  const detector = new FailureDetector(awareness, { next: () => 0 });
  for (const peer of peers) detector.neighbourUp(recordOf(peer), 0);
  detector.tick(at(0));
  return { awareness, detector };
}

/** At 15 s Anna is suspected: the others are heard whenever it is looked, she was heard at 0. */
function suspecting(...others: PeerId[]) {
  const { awareness, detector } = watching(anna, ...others);
  const steps = [5_000, 10_000, 15_000].map((ms) => {
    for (const peer of others) detector.heard(peer, ms);
    return detector.tick(at(ms));
  });
  return { awareness, detector, steps };
}

const answer = (detector: FailureDetector, from: PeerId, reached: boolean, ms: number) =>
  detector.handle(from, { type: 'probe-result', id: 2, reached }, at(ms));

describe('looking', () => {
  test('a link that is idle gets a ping, one with traffic does not', () => {
    const { detector } = watching(anna, bert);
    expect([detector.dueAtMs, detector.tick(at(5_000))]).toEqual([5_000, []]);
    detector.heard(bert, 5_100);
    expect(detector.tick(at(10_000))).toEqual([ping(anna, 1)]);
    expect(detector.dueAtMs).toBe(15_000);
  });

  test('a ping and its answer are all that an idle link costs in fifteen seconds', () => {
    const { detector } = watching(anna);
    const steps: OverlayStep[] = [];
    for (let ms = 5_000; ms <= 65_000; ms += 5_000) {
      for (const step of detector.tick(at(ms))) {
        steps.push(step);
        detector.heard(anna, ms + 50);
        detector.handle(anna, { type: 'pong', id: steps.length }, at(ms + 50));
      }
    }
    expect(steps).toEqual([1, 2, 3, 4, 5, 6].map((id) => ping(anna, id)));
  });

  test('an answer in time shows that this peer is well, one that comes too late does not', () => {
    const { awareness, detector } = watching(anna);
    awareness.missed();
    detector.tick(at(10_000));
    detector.handle(anna, { type: 'pong', id: 1 }, at(10_100));
    detector.handle(anna, { type: 'pong', id: 1 }, at(10_100));
    expect(awareness.scale).toBe(1);
    const late = suspecting(bert);
    late.awareness.missed();
    late.detector.handle(anna, { type: 'pong', id: 1 }, at(16_000));
    expect(late.awareness.scale).toBe(2);
  });

  test('peers that started together don’t look together', () => {
    const detector = new FailureDetector(new Awareness(), { next: () => 0.5 });
    detector.neighbourUp(recordOf(anna), 1_000);
    expect(detector.dueAtMs).toBe(3_500);
  });

  test('without neighbours there is nothing to look at', () => {
    const { detector } = suspecting(bert);
    expect([detector.neighbourDown(anna), detector.neighbourDown(bert)]).toEqual([[], []]);
    expect([detector.dueAtMs, detector.tick(at(99_000))]).toEqual([Infinity, []]);
  });

  test('what a stranger says is no sign of anybody’s life', () => {
    const { detector } = watching();
    detector.heard(anna, 1);
    expect(detector.handle(anna, { type: 'pong', id: 1 }, at(1))).toEqual([]);
    expect(detector.dueAtMs).toBe(Infinity);
  });
});

describe('a neighbour that does not answer', () => {
  test('is suspected, and three others are asked whether they reach it', () => {
    const { detector, steps } = suspecting(bert, cora, dora, emil);
    expect(steps).toEqual([
      [],
      [ping(anna, 1)],
      [probe(bert, 2, anna), probe(cora, 2, anna), probe(dora, 2, anna)],
    ]);
    expect([detector.counts.suspected, detector.dueAtMs]).toEqual([1, 18_000]);
  });

  test('is dead the sooner the more of them don’t reach it', () => {
    const { detector } = suspecting(bert, cora, dora);
    for (const peer of [bert, cora, dora]) {
      expect(answer(detector, peer, false, 17_000)).toEqual([]);
    }
    expect(detector.tick(at(17_999))).toEqual([]);
    expect(detector.tick(at(18_000))).toEqual([part(anna, 'dead')]);
    expect(detector.neighbourDown(anna)).toEqual([]);
    expect(detector.dueAtMs).toBe(20_000);
  });

  test('is dead a little later when only some have said so', () => {
    const { detector } = suspecting(bert, cora, dora);
    answer(detector, cora, false, 17_000);
    expect([detector.tick(at(18_000)), detector.dueAtMs]).toEqual([[], 19_500]);
    expect(detector.tick(at(19_500))).toEqual([part(anna, 'dead')]);
  });

  test('has more time while somebody reaches it, and is then parted with all the same', () => {
    const { detector } = suspecting(bert, cora);
    answer(detector, bert, false, 16_000);
    answer(detector, cora, true, 16_000);
    for (const ms of [18_000, 20_000, 24_999]) {
      for (const peer of [bert, cora]) detector.heard(peer, ms);
      expect(detector.tick(at(ms))).toEqual([]);
    }
    expect(detector.tick(at(25_000))).toEqual([part(anna, 'unreachable')]);
  });

  test.each([18_000, 18_001])('is cleared by any word from it, looked at after %i ms', (ms) => {
    const { detector } = suspecting(bert, cora, dora);
    for (const peer of [bert, cora, dora]) answer(detector, peer, false, 16_000);
    detector.heard(anna, 17_900);
    expect([detector.tick(at(ms)), detector.dueAtMs]).toEqual([[], 20_000]);
    // And is looked at as before.
    detector.tick(at(20_000));
    for (const peer of [bert, cora, dora]) detector.heard(peer, 24_000);
    expect(detector.tick(at(26_000))).toEqual([ping(anna, 3)]);
  });

  test('is not asked for when all are silent at once: that may be this peer', () => {
    const { awareness, detector } = watching(anna, bert);
    detector.tick(at(10_000));
    expect(detector.tick(at(15_000))).toEqual([]);
    expect(detector.counts.suspected).toBe(2);
    expect([detector.tick(at(18_000)), awareness.scale]).toEqual([[], 2]);
    expect(detector.tick(at(26_999))).toEqual([]);
    expect(detector.tick(at(27_000))).toEqual([part(anna, 'dead'), part(bert, 'dead')]);
  });

  test('is given more time when those who were asked are silent as well', () => {
    const { awareness, detector } = suspecting(bert, cora);
    expect([detector.tick(at(18_000)), awareness.scale]).toEqual([[], 2]);
    for (const peer of [bert, cora]) detector.heard(peer, 26_000);
    expect(detector.tick(at(26_999))).toEqual([]);
    expect(detector.tick(at(27_000))).toEqual([part(anna, 'dead')]);
  });

  test('is not judged by a peer that was asleep itself, before there was time to answer', () => {
    const { awareness, detector } = watching(anna);
    expect(detector.tick(at(10_000))).toEqual([ping(anna, 1)]);
    awareness.woke(3_585_000, 3_600_000);
    expect(detector.tick(at(3_600_000))).toEqual([]);
    detector.heard(anna, 3_600_100);
    expect(detector.tick(at(3_605_000))).toEqual([]);
    expect(detector.counts.suspected).toBe(0);
  });

  test('and comes back is somebody new', () => {
    const { detector } = suspecting(bert);
    detector.neighbourDown(anna);
    detector.neighbourUp(recordOf(anna), 16_000);
    detector.heard(bert, 16_000);
    expect([detector.tick(at(18_000)), detector.tick(at(20_000))]).toEqual([[], []]);
  });
});

describe('asked by others', () => {
  const question = (of: PeerId) => ({ type: 'probe', id: 9, record: recordOf(of) }) as const;
  const result = (reached: boolean) => send(bert, { type: 'probe-result', id: 9, reached });

  test('it says at once that it reaches a neighbour that it heard lately', () => {
    const { detector } = watching(anna, bert);
    detector.heard(anna, 3_000);
    expect(detector.handle(bert, question(anna), at(7_999))).toEqual([result(true)]);
  });

  test('it pings a neighbour that it did not hear lately, and tells', () => {
    const { detector } = watching(anna, bert);
    expect(detector.handle(bert, question(anna), at(5_000))).toEqual([ping(anna, 9)]);
    expect(detector.dueAtMs).toBe(5_000);
    expect(detector.handle(anna, { type: 'pong', id: 9 }, at(5_100))).toEqual([result(true)]);
  });

  test('it dials others, tells, and hangs up', () => {
    const { detector } = watching(bert);
    const dial: OverlayStep = { type: 'dial', address: 'cora:1', expected: cora };
    expect(detector.handle(bert, question(cora), at(1_000))).toEqual([dial]);
    expect(detector.linkUp(cora, 'cora:1')).toEqual([
      result(true),
      { type: 'hang-up', peer: cora },
    ]);
    expect([detector.linkUp(cora, 'cora:1'), detector.dialFailed('cora:1')]).toEqual([
      [],
      undefined,
    ]);
  });

  test('it says no in time for those who asked, and knows the dial that ends later', () => {
    const { detector } = watching(bert);
    detector.handle(bert, question(cora), at(1_000));
    expect([detector.dueAtMs, detector.tick(at(3_500))]).toEqual([3_500, [result(false)]]);
    expect(detector.dialFailed('cora:1')).toEqual([]);
  });
});
