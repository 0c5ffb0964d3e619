/** `credit`: what others have signed for this peer's work. */

import type { Command } from 'commander';

import type { Receipt } from '../../transport/control-client.ts';
import { Context, type Io } from '../context.ts';
import { countText, durationText, table } from '../format.ts';
import { shortId } from '../job-view.ts';

type Credit = {
  jobs: number;
  chunks: number;
  computeSeconds: number;
  /** Unix time of the receipt that came last, by its requester's clock. */
  lastAtMs?: number;
};

export function addCredit(program: Command, io: Io): void {
  program
    .command('credit')
    .summary('show what this peer has done for others')
    .description(
      'Show what this peer has done for others, by the receipts that they signed. --json has the ' +
        'receipts themselves, for others to check.',
    )
    .addHelpText('after', '\nExamples:\n  manyhands credit\n  manyhands credit --json | jq .total')
    .action((_options: object, self: Command) => showCredit(new Context(self, io)));
}

async function showCredit(context: Context): Promise<void> {
  const { receipts } = await context.withPeer((client) => client.listReceipts());
  const requesters = byRequester(receipts);
  const total = creditOf(receipts);
  if (context.json) {
    context.printJson({
      total,
      requesters: Array.from(requesters, ([requester, credit]) => ({ requester, ...credit })),
      receipts: receipts.map((receipt) => receiptJson(receipt)),
    });
  } else if (receipts.length > 0) {
    context.print(...creditLines(requesters, total, context.columns, Date.now()));
  } else {
    context.print(
      "No receipts yet: they come when others' jobs end that this peer has computed for.",
      '`manyhands status` shows whether it computes, and if not, why.',
    );
  }
}

/** @param receipts the last to come first, and so are those who gave them */
function byRequester(receipts: readonly Receipt[]): Map<string, Credit> {
  const given = Map.groupBy(receipts, ({ requester }) => requester);
  return new Map(Array.from(given, ([requester, theirs]) => [requester, creditOf(theirs)]));
}

function creditOf(receipts: readonly Receipt[]): Credit {
  const credit: Credit = { jobs: receipts.length, chunks: 0, computeSeconds: 0 };
  const [last] = receipts;
  if (last !== undefined) credit.lastAtMs = last.issuedAtMs;
  for (const { chunks, computeSeconds } of receipts) {
    credit.chunks += chunks;
    credit.computeSeconds += computeSeconds;
  }
  return credit;
}

/** Bytes in base64. */
function receiptJson({ payload, publicKey, signature, ...read }: Receipt): object {
  return {
    ...read,
    payload: payload.toString('base64'),
    publicKey: publicKey.toString('base64'),
    signature: signature.toString('base64'),
  };
}

function creditLines(
  requesters: ReadonlyMap<string, Credit>,
  total: Credit,
  columns: number,
  nowMs: number,
): string[] {
  const row = (name: string, { jobs, chunks, computeSeconds, lastAtMs = 0 }: Credit): string[] => [
    name,
    countText(jobs),
    countText(chunks),
    durationText(computeSeconds * 1000),
    `${durationText(Math.max(nowMs - lastAtMs, 0))} ago`,
  ];
  return table(
    [
      { title: 'REQUESTER' },
      { title: 'JOBS', align: 'right' },
      { title: 'CHUNKS', align: 'right' },
      { title: 'COMPUTE', align: 'right' },
      { title: 'LAST', align: 'right', expendable: true },
    ],
    [
      ...Array.from(requesters, ([requester, credit]) => row(shortId(requester), credit)),
      row('all', total),
    ],
    columns,
  );
}
