/**
 * Finds out whether evidence is true, by computing the chunk with the program and the input that
 * the accuser has. That it is signed says only who it is that accuses.
 */

import type { EvidenceVerdict, SignedEvidence } from '../model/evidence.ts';
import { short } from '../model/ids.ts';
import type { LocalEvent } from '../protocol/events.ts';
import type { Logger } from './log.ts';
import type { Recomputation } from './recomputation.ts';

export type EvidenceCheckComponents = {
  readonly recomputation: Pick<Recomputation, 'compute'>;
  readonly log: Logger;
  readonly dispatch: (event: LocalEvent) => void;
};

export class EvidenceCheck {
  readonly #components: EvidenceCheckComponents;

  constructor(components: EvidenceCheckComponents) {
    this.#components = components;
  }

  /** Ends in one `evidence-checked`; never rejects. */
  async check({ id, evidence }: SignedEvidence): Promise<void> {
    const { recomputation, dispatch, log } = this.#components;
    const { accuser, culprit, chunk, job, said, accepted } = evidence;
    const again = await recomputation.compute({ ...evidence, holder: accuser });
    const { ranMs, address } = again;
    const where = address === undefined ? {} : { address };
    const tell = (verdict: EvidenceVerdict, text: string): void => {
      const level = verdict === 'unknown' ? 'debug' : 'warn';
      const about = { accuser, culprit, job, chunk, verdict };
      log[level](about, `${short(accuser)} says that ${short(culprit)} lied: ${text}`);
      dispatch({ type: 'evidence-checked', id, verdict, ranMs, ...where });
    };
    if (again.type === 'nothing') return tell('unknown', again.reason);
    if (again.digest === accepted)
      return tell('true', `so it is, and ${short(culprit)} is refused`);
    if (again.digest === said) return tell('false', `it did not, and ${short(accuser)} is refused`);
    tell('unknown', 'here the chunk comes to yet another result');
  }
}
