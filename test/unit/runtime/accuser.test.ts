import { expect, test } from 'vitest';

import type { SignedEvidence } from '../../../src/model/evidence.ts';
import type { Digest } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import type { ReplicaResult } from '../../../src/model/replica.ts';
import type { LocalEvent } from '../../../src/protocol/events.ts';
import {
  EVIDENCE_LIVES_MS,
  OWN_EVIDENCE_MAX,
} from '../../../src/protocol/accusations/evidence-book.ts';
import { Accuser } from '../../../src/runtime/accuser.ts';
import { JobPages, PageFiles } from '../../../src/runtime/pages.ts';
import type { Result } from '../../../src/runtime/recomputation.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { signEvidence } from '../../../src/wire/evidence-codec.ts';
import { signStatements } from '../../../src/wire/statement-codec.ts';
import { workDigests } from '../../../src/wire/work-digest.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { digestNumbered, startUnixMs } from '../../support/protocol-fixtures.ts';
import { recordingLog } from '../../support/silent-log.ts';
import { storedJob } from '../../support/stored-jobs.ts';
import { type KeyPair, someKey } from '../../support/wire-samples.ts';

const self = someKey();
const culprit = someKey();
const chunk = 1;
const said = digestNumbered(0xbad);
const expected = digestNumbered(0x900d);
const data = digestNumbered(0xda7a);

/** A requester with a job of two chunks, whose second one was computed by many and by a liar. */
async function accuserWith(
  recomputed: Result | (() => Promise<Result>),
  input: Uint8Array = Uint8Array.of(1),
) {
  const store = new MemoryStore();
  const stored = { ...storedJob('one', 'running'), data: [data] };
  const { spec, job } = stored;
  store.putJob(stored);
  const workOf = workDigests(spec);
  const pages = new JobPages(new PageFiles(store), workOf);
  await pages.add([Uint8Array.of(0), input]);
  const put = (peer: KeyPair, digest: Digest, of = chunk): void => {
    const outcome = { type: 'result', digest, value: Uint8Array.of() } as const;
    const replica: ReplicaResult = {
      lease: 1,
      chunk: of,
      outcome,
      computeMs: 1,
      work: workOf(input),
    };
    store.commit([
      { job, statements: signStatements({ job, replicas: [replica] }, peer, peer.privateKey) },
    ]);
  };
  put(culprit, expected, 0);
  put(self, expected);
  put(culprit, said);
  for (let others = 0; others < 5; others++) put(someKey(), expected);
  const events: LocalEvent[] = [];
  const clock = { unixMs: startUnixMs };
  const { log, lines } = recordingLog();
  const accuser = new Accuser({
    self: self.peer,
    store,
    transport: { signEvidence: (accusation) => signEvidence(accusation, self, self.privateKey) },
    recomputation: {
      compute: async () => {
        const result = typeof recomputed === 'function' ? await recomputed() : recomputed;
        return { ...result, ranMs: 1 };
      },
    },
    clock: { unixMs: () => clock.unixMs },
    log,
    addresses: () => ['self:1'],
    ownJob: (id) => (id === job ? { spec, pages, stored } : undefined),
    dispatch: (event) => events.push(event),
  });
  const wrong = { peer: culprit.peer, chunk, digest: said, expected };
  const published = (): SignedEvidence[] =>
    events.flatMap((event) => (event.type === 'evidence-signed' ? [event.evidence] : []));
  return {
    accuser,
    accuse: () => accuser.accuse({ type: 'accuse', job, wrong }),
    published,
    spec,
    clock,
    lines,
    job,
  };
}

test('who is convinced publishes what others need to be convinced as well', async () => {
  const { accuser, accuse, published, spec, job, lines } = await accuserWith({
    type: 'digest',
    digest: expected,
  });
  await accuse();
  expect(published().map(({ evidence }) => evidence)).toMatchObject([
    {
      accuser: self.peer,
      culprit: culprit.peer,
      addresses: ['self:1'],
      job,
      chunk,
      said,
      accepted: expected,
      input: { value: Uint8Array.of(1) },
      issuedAtMs: startUnixMs,
    },
  ]);
  expect([spec.program, data, digestNumbered(5)].map((blob) => accuser.offers(blob))).toEqual([
    true,
    true,
    false,
  ]);
  expect(lines.join('')).toContain('returned a wrong result of chunk 1: others are told');
});

test('a large input is offered as long as the evidence is of use', async () => {
  const input = new Uint8Array(limits.evidenceInputBytesMax + 1);
  const { accuser, accuse, published, spec, clock } = await accuserWith(
    { type: 'digest', digest: expected },
    input,
  );
  await accuse();
  const named = { digest: digestOf(input), bytes: input.length };
  expect(published()[0]?.evidence.input).toEqual(named);
  expect(accuser.input(named.digest)).toEqual(input);
  clock.unixMs += EVIDENCE_LIVES_MS;
  expect([accuser.input(named.digest), accuser.offers(spec.program)]).toEqual([undefined, false]);
});

test.each<[string, Result, string]>([
  ['the same as the accused', { type: 'digest', digest: said }, 'comes to the same result'],
  ['something else', { type: 'digest', digest: digestNumbered(3) }, 'comes to yet another result'],
  ['nothing', { type: 'nothing', reason: 'it fails: threw' }, "can't be computed here: it fails"],
])('where %s comes out here nobody is accused', async (_what, recomputed, reason) => {
  const { accuser, accuse, published, spec, lines } = await accuserWith(recomputed);
  await accuse();
  expect(published()).toEqual([]);
  expect(accuser.offers(spec.program)).toBe(false);
  expect(lines.join('')).toContain(reason);
});

test('a crowd that is caught at once is looked into one by one, and not without end', async () => {
  let running = 0;
  let runningMax = 0;
  let computed = 0;
  const { accuse, published, lines } = await accuserWith(async () => {
    running += 1;
    runningMax = Math.max(runningMax, running);
    computed += 1;
    await new Promise(setImmediate);
    running -= 1;
    return { type: 'digest', digest: expected };
  });
  const crowd = OWN_EVIDENCE_MAX + 10;
  await Promise.all(Array.from({ length: crowd }, () => accuse()));
  expect([runningMax, computed, published().length]).toEqual([
    1,
    OWN_EVIDENCE_MAX,
    OWN_EVIDENCE_MAX,
  ]);
  const left = lines.filter((line) => line.includes('too many are to be told of already'));
  expect(left).toHaveLength(10);
  // Once there is room again.
  await accuse();
  expect(computed).toBe(OWN_EVIDENCE_MAX + 1);
});
