import { expect, test } from 'vitest';

import type { LocalEvent } from '../../../src/protocol/events.ts';
import { EvidenceCheck } from '../../../src/runtime/evidence-check.ts';
import type { ChunkAgain, Result } from '../../../src/runtime/recomputation.ts';
import { evidenceOf } from '../../support/protocol-accusations.ts';
import { digestNumbered } from '../../support/protocol-fixtures.ts';
import { silentLog } from '../../support/silent-log.ts';

const signed = evidenceOf(1);
const { evidence } = signed;

test.each<[string, Result, string]>([
  ['what the accuser says', { type: 'digest', digest: evidence.accepted }, 'true'],
  ['what the accused has signed', { type: 'digest', digest: evidence.said }, 'false'],
  ['something else', { type: 'digest', digest: digestNumbered(3) }, 'unknown'],
  ['nothing', { type: 'nothing', reason: 'it is away' }, 'unknown'],
])('when %s comes out', async (_what, result, verdict) => {
  const events: LocalEvent[] = [];
  const asked: ChunkAgain[] = [];
  const check = new EvidenceCheck({
    recomputation: {
      compute: async (again) => {
        asked.push(again);
        return { ...result, ranMs: 5, address: 'anna:1' };
      },
    },
    log: silentLog(),
    dispatch: (event) => events.push(event),
  });
  await check.check(signed);
  expect(asked).toEqual([{ ...evidence, holder: evidence.accuser }]);
  expect(events).toEqual([
    { type: 'evidence-checked', id: signed.id, verdict, ranMs: 5, address: 'anna:1' },
  ]);
});
