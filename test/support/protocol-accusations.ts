/** Evidence against peers for tests of the machines, which look at no signature. */

import type { Evidence, SignedEvidence } from '../../src/model/evidence.ts';
import { programRef } from '../../src/model/program.ts';
import {
  anna,
  bert,
  chunkLimitsOf,
  digestNumbered,
  jobNumbered,
  specOf,
  startUnixMs,
} from './protocol-fixtures.ts';

const nothing = Uint8Array.of();

/** @param number of the piece; two with different ones differ */
export function evidenceOf(number: number, changes: Partial<Evidence> = {}): SignedEvidence {
  const evidence: Evidence = {
    accuser: anna,
    addresses: ['anna:1'],
    culprit: bert,
    job: jobNumbered(1),
    chunk: 7,
    said: digestNumbered(0xbad),
    accepted: digestNumbered(0x900d),
    program: programRef(specOf()),
    limits: chunkLimitsOf(),
    input: { digest: digestNumbered(1), bytes: 1, value: Uint8Array.of(1) },
    issuedAtMs: startUnixMs,
    ...changes,
  };
  const signed = { payload: nothing, publicKey: nothing, signature: nothing };
  return { id: digestNumbered(number), evidence, signed };
}
