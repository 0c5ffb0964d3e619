/** What an honest requester's own machine has come to, audited: whatever others do, it holds. */

import { expect, test } from 'vitest';

import type { AuditRecord } from '../../../src/model/audit.ts';
import { type Digest, jobId } from '../../../src/model/ids.ts';
import type { ReplicaResult } from '../../../src/model/replica.ts';
import type { KeptStatement } from '../../../src/model/stored-result.ts';
import { Awareness } from '../../../src/protocol/awareness.ts';
import { Requester } from '../../../src/protocol/requester/requester.ts';
import { Standings } from '../../../src/protocol/standings.ts';
import { peersOf } from '../../../src/runtime/audit-export.ts';
import { keptStatement } from '../../../src/runtime/kept-statement.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { signStatements } from '../../../src/wire/statement-codec.ts';
import { workDigests } from '../../../src/wire/work-digest.ts';
import {
  auditOf,
  bea,
  cem,
  digestsOf,
  inputOf,
  lieAbout,
  requester as self,
  resultOf,
  sealed,
  specWith,
} from '../../support/audit-samples.ts';
import { credibilityTrust, Dice } from '../../support/protocol-evidence.ts';
import { at, ofType, startUnixMs } from '../../support/protocol-fixtures.ts';
import { type KeyPair, someKey } from '../../support/wire-samples.ts';

const DAY_MS = 24 * 3_600_000;
const chunks = 2;
const mal = someKey();

const peerType = { type: 'peer' } as const;

type Said = { readonly lease: number; readonly chunk: number; readonly digest: Digest };

class Honest {
  readonly standings: Standings;
  readonly requester: Requester;
  readonly #spec = specWith({ quorum: 1, credibility: credibilityTrust });
  readonly #bytes = encodeCanonical(this.#spec);
  readonly #job = jobId(digestOf(this.#bytes));
  readonly #statements: AuditRecord[] = [];

  constructor(passed: readonly (readonly [KeyPair, number])[]) {
    const seen = { isCaught: false, seenAtMs: startUnixMs };
    this.standings = new Standings(
      passed.map(([{ peer }, count]) => ({ peer, passed: count, ...seen })),
    );
    this.requester = new Requester({
      self: self.peer,
      addresses: () => [],
      awareness: new Awareness(),
      standings: this.standings,
      random: new Dice(),
    });
    for (const { peer } of [self, bea, cem, mal]) this.requester.volunteerUp(peer);
    this.requester.submit(this.#job, this.#spec, 0);
    this.requester.addChunks(this.#job, chunks, at(0));
    this.requester.endSplit(this.#job, at(0));
  }

  ask({ peer }: KeyPair, count = 1, nowMs = 1): Omit<Said, 'digest'>[] {
    const ask = { type: 'ask', job: this.#job, count } as const;
    const effects = this.requester.handle(peer, ask, at(nowMs));
    return ofType(effects, 'send-to-volunteer').flatMap(({ to, message }) =>
      message.type === 'leases' && to === peer ? message.chunks : [],
    );
  }

  give(key: KeyPair, said: readonly Said[], nowMs = 2): void {
    const workOf = workDigests(this.#spec);
    const replicas = said.map(({ lease, chunk, digest }): ReplicaResult => {
      const outcome = { type: 'result', digest, value: Uint8Array.of(1) } as const;
      return { lease, chunk, outcome, computeMs: 5, work: workOf(inputOf(chunk)) };
    });
    const [signed] = signStatements({ job: this.#job, replicas }, key, key.privateKey);
    if (signed === undefined) throw new Error('nothing was signed');
    const frame = { job: this.#job, replicas, signed };
    const effects = this.requester.handle(key.peer, { type: 'results', frame }, at(nowMs));
    for (const { counted } of ofType(effects, 'keep-statement')) {
      const { counted: bits, ...kept }: KeptStatement =
        counted.length === replicas.length ? signed : keptStatement(signed, counted);
      this.#statements.push({ type: 'statement', signed: kept, ...(bits && { counted: bits }) });
    }
  }

  right(key: KeyPair, count: number, nowMs = 1): void {
    for (const lease of this.ask(key, count, nowMs)) {
      this.give(key, [{ ...lease, digest: resultOf(lease.chunk) }], nowMs);
    }
  }

  audit() {
    const report = this.requester.job(this.#job)?.report(10);
    if (report === undefined) throw new Error('the job is gone');
    if (report.accepted !== chunks) throw new Error(`${report.accepted} chunks are accepted`);
    return auditOf(
      sealed(this.#job, [
        { type: 'header', job: this.#job, spec: this.#bytes, chunks },
        ...peersOf(report, true).map((peer): AuditRecord => Object.assign(peer, peerType)),
        { type: 'digests', digests: digestsOf(resultOf(0), resultOf(1)) },
        ...this.#statements,
      ]),
    );
  }
}

test.each([
  ['never leased', 999_999, (chunk: number) => 1 - chunk],
  ['leased, and answered already', 1, (chunk: number) => chunk],
])('a volunteer may sign for a chunk that it was %s: that is no vote', async (_, lease, of) => {
  const honest = new Honest([
    [bea, 10],
    [cem, 10],
    [mal, 5],
  ]);
  const [own] = honest.ask(mal);
  if (own === undefined) throw new Error('no lease');
  const chunk = of(own.chunk);
  honest.give(mal, [
    { ...own, digest: resultOf(own.chunk) },
    { lease, chunk, digest: lieAbout(chunk) },
  ]);
  for (const key of [bea, cem]) honest.right(key, chunks);
  const { holds, findings, job } = await honest.audit();
  expect([holds, findings, job?.dissentsTotal]).toEqual([true, [], 0]);
});

test('what was seen of a peer counts as when it was believed, however long ago', async () => {
  const honest = new Honest([[bea, 200]]);
  honest.right(bea, 1);
  honest.right(self, chunks, 3 * DAY_MS);
  expect(honest.standings.passed(bea.peer)).toBeLessThan(199);
  expect(await honest.audit()).toMatchObject({ holds: true, findings: [] });
});

test('who is caught when all was accepted had been believed rightly', async () => {
  const honest = new Honest([[bea, 300]]);
  honest.right(bea, chunks);
  honest.standings.catch(bea.peer, 'lied in another job');
  honest.requester.refuse(bea.peer, at(5));
  const { holds, findings, job } = await honest.audit();
  expect([holds, findings, job?.caught]).toEqual([true, [], []]);
});
