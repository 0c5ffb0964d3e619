/**
 * Peers accuse others, rightly and wrongly. Each correct peer computes, so each can find out.
 *
 * Some of the accusers are hostile (`hostile/`): they accuse correct peers of what these have
 * rightly signed, which is all that they have to show. They do so under their own names, or under
 * as many as they like, since names are free: of those the address leads nowhere. Or they accuse
 * names that they have made up, of lies that these have signed. In the midst of it a correct peer
 * accuses a liar.
 *
 * Modelled: the gossip, its pace, who checks what and when. Not modelled: signatures, programs that
 * come to something else on other machines, and the time that fetching a program takes.
 */

import type { Evidence } from '../../../../src/model/evidence.ts';
import { digest, type PeerId, peerId } from '../../../../src/model/ids.ts';
import { digestNumbered } from '../../protocol-fixtures.ts';
import { evidenceOf } from '../../protocol-accusations.ts';
import { Conspiracy } from '../hostile/conspiracy.ts';
import { type Attack, Intruder } from '../hostile/intruder.ts';
import { signEvidence } from '../signature.ts';
import { ownLie, rightDigest } from '../simulated-job.ts';
import type { SimulatedPeer } from '../simulated-peer.ts';
import { Simulator } from '../simulator.ts';
import { entrancesOf, oneOf } from './grown-grid.ts';

export type AccusationsOptions = {
  readonly seed: number;
  readonly correct: number;
  readonly hostile: number;
  readonly names: 'own' | 'free';
  /** Correct peers, of what they have rightly signed; or names made up to have signed lies. */
  readonly accused?: 'correct' | 'made-up';
  /** Of each hostile one, to each of its neighbours. */
  readonly everyMs: number;
  readonly ms: number;
};

export type AccusationsFigures = {
  /** Pairs of correct peers of which one refuses the other. */
  readonly honestRefused: number;
  /** Correct peers that refuse the liar, and that refuse all hostile ones. */
  readonly refuseLiar: number;
  readonly refuseAllHostile: number;
  /** Of one correct peer, the most. */
  readonly checksPerMinuteMax: number;
  readonly sentPerMinuteMax: number;
  /** Neighbours that misbehaved, and among them correct ones. */
  readonly misbehaved: number;
  readonly misbehavedByMistake: number;
};

const GROW_MS = 60_000;
/** From its beginning until the liar is accused. */
const LIAR_AFTER_MS = 60_000;

export function accusations(options: AccusationsOptions): AccusationsFigures {
  const simulator = new Simulator({ seed: options.seed });
  const conspiracy = new Conspiracy({
    random: simulator.random,
    nowMs: () => simulator.nowMs,
    onOffer: () => undefined,
    onRecord: () => undefined,
  });
  const { correct, intruders } = grow(simulator, conspiracy, options);
  const watch = new Watch(simulator, correct);
  for (const intruder of intruders) intruder.begin();
  simulator.runFor(LIAR_AFTER_MS);
  const liar = peerId('liar'.padEnd(52, '7'));
  accuseLiar(simulator, oneOf(simulator, correct), liar);
  simulator.runFor(options.ms);
  const refused = (peer: SimulatedPeer): Set<PeerId> =>
    new Set(peer.peer.status().refused.map((each) => each.peer));
  const names = new Set(correct.map(({ self }) => self));
  const lists = correct.map((peer) => refused(peer));
  const minutes = (LIAR_AFTER_MS + options.ms) / 60_000;
  return {
    honestRefused: lists.reduce((sum, list) => sum + list.intersection(names).size, 0),
    refuseLiar: lists.filter((list) => list.has(liar)).length,
    refuseAllHostile: lists.filter((list) => intruders.every(({ host }) => list.has(host.self)))
      .length,
    checksPerMinuteMax: Math.max(...watch.checks.values(), 0) / minutes,
    sentPerMinuteMax: Math.max(...watch.sent.values(), 0) / minutes,
    misbehaved: watch.misbehaved,
    misbehavedByMistake: watch.misbehavedByMistake,
  };
}

function grow(simulator: Simulator, conspiracy: Conspiracy, options: AccusationsOptions) {
  const correct: SimulatedPeer[] = [];
  const intruders: Intruder[] = [];
  const all = options.correct + options.hostile;
  for (let number = 0; number < all; number++) {
    const entrances = entrancesOf(simulator, correct);
    // One of them first, so that there is somebody to join.
    const isHostile = number > 0 && number <= options.hostile;
    if (isHostile) {
      simulator.addActor((context) => {
        const intruder = new Intruder(context, conspiracy, attackOf(options), entrances);
        intruders.push(intruder);
        return (event) => intruder.handle(event);
      });
    } else {
      correct.push(simulator.addPeer({ entrances }));
    }
    simulator.runFor(GROW_MS / all);
  }
  return { correct, intruders };
}

function attackOf(options: AccusationsOptions): Attack {
  const { everyMs } = options;
  return { linksMax: 5, dialsPerSecond: 1, everyMs, act: (intruder) => accuse(intruder, options) };
}

function accuse(intruder: Intruder, { names, accused = 'correct' }: AccusationsOptions): void {
  const { conspiracy, host, acts } = intruder;
  const victims = [...conspiracy.victims.keys()];
  const isMadeUp = accused === 'made-up';
  const victim = victims[Math.floor(conspiracy.random.next() * victims.length)];
  const culprit = isMadeUp ? someName(conspiracy) : victim;
  if (culprit === undefined) return;
  const { evidence } = evidenceOf(0);
  const { job } = evidence;
  const chunk = acts % 1_000;
  const accuser = names === 'own' ? host.self : someName(conspiracy);
  const right = rightDigest(job, chunk);
  const wrong = digestNumbered(0xbad);
  const piece: Evidence = {
    ...evidence,
    accuser,
    addresses: [host.address],
    culprit,
    chunk,
    said: isMadeUp ? wrong : right,
    accepted: isMadeUp ? right : wrong,
    issuedAtMs: conspiracy.unixMs,
  };
  const id = digest(Array.from({ length: 64 }, () => hexDigit(conspiracy)).join(''));
  intruder.sendAll({ type: 'evidence', evidence: signEvidence(accuser, id, piece) });
}

function someName({ random }: Conspiracy): PeerId {
  const letters = Array.from({ length: 52 }, () => 'abcdefgh'[Math.floor(random.next() * 8)]);
  return peerId(letters.join(''));
}

function hexDigit({ random }: Conspiracy): string {
  return Math.floor(random.next() * 16).toString(16);
}

function accuseLiar(simulator: Simulator, accuser: SimulatedPeer, culprit: PeerId): void {
  const { evidence } = evidenceOf(0);
  const { job, chunk } = evidence;
  const true_: Evidence = {
    ...evidence,
    accuser: accuser.self,
    addresses: [accuser.address],
    culprit,
    said: ownLie(job, 1),
    accepted: rightDigest(job, chunk),
    issuedAtMs: accuser.now().unixMs,
  };
  const signed = signEvidence(accuser.self, digestNumbered(1), true_);
  simulator.handle(accuser, { type: 'evidence-signed', evidence: signed });
}

/** What correct peers do because of it. */
class Watch {
  readonly checks = new Map<PeerId, number>();
  readonly sent = new Map<PeerId, number>();
  misbehaved = 0;
  misbehavedByMistake = 0;

  constructor(simulator: Simulator, correct: readonly SimulatedPeer[]) {
    const names = new Set(correct.map(({ self }) => self));
    simulator.observer = ({ self }, event, effects) => {
      for (const effect of effects) {
        if (effect.type === 'check-evidence') add(this.checks, self);
        if (effect.type === 'send-overlay' && effect.message.type === 'evidence') {
          add(this.sent, self);
        }
        const isParting = effect.type === 'hang-up' && event.type === 'overlay-message';
        if (!isParting || event.message.type !== 'evidence' || effect.peer !== event.from) continue;
        this.misbehaved += 1;
        if (names.has(effect.peer)) this.misbehavedByMistake += 1;
      }
    };
  }
}

function add(counts: Map<PeerId, number>, peer: PeerId): void {
  counts.set(peer, (counts.get(peer) ?? 0) + 1);
}
