/** A job as it is printed: for people, and as JSON. Pure. */

import type { Caught, Job, JobContribution } from '../transport/control-client.ts';
import { type Column, countText, durationText, plain, plural, table } from './format.ts';

export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** Without the loader's marker of which optional fields are set. */
export function jobJson({ _remainingMs: _marker, ...job }: Job): object {
  return {
    ...job,
    contributions: job.contributions.map(({ _passed: _none, ...each }) => each),
  };
}

const endedStates = new Set(['done', 'failed', 'cancelled', 'lost']);

export function hasEnded(job: Job): boolean {
  return endedStates.has(job.state);
}

/** How a job went: a sentence and the table of who computed how much. */
export function summaryLines(job: Job, columns: number): string[] {
  const chunks = `${countText(job.accepted)} of ${plural(job.chunks, 'chunk')} accepted`;
  const title = `${plain(job.name)} ${shortId(job.jobId)} ${job.state}`;
  return [
    `${title}: ${chunks}, ${plural(job.disputes, 'dispute')}, ${durationText(job.wallMs)}`,
    ...contributionLines(job.contributions, columns),
  ];
}

function contributionLines(contributions: readonly JobContribution[], columns: number): string[] {
  if (contributions.length === 0) return [];
  const most = contributions.toSorted((a, b) => b.accepted - a.accepted);
  const rows = most
    .slice(0, contributionsShownMax)
    .map((each) => [
      `${shortId(each.peerId)}${each.self ? ' (this)' : ''}`,
      countText(each.leased),
      countText(each.accepted),
      countText(each.lost),
      countText(each.late),
      countText(each.failed),
      countText(each.expired),
      durationText(each.computeSeconds * 1000),
    ]);
  const hidden = contributions.length - rows.length;
  return [
    ...table(contributionColumns, rows, columns),
    ...(hidden > 0 ? [`and ${plural(hidden, 'peer')} more; --json lists all`] : []),
  ];
}

/** Who returned what is wrong, each with what shows it. */
export function caughtLines(caught: readonly Caught[]): string[] {
  const lines = caught.slice(0, caughtShownMax).map(({ peerId, chunk, digest, expected }) => {
    if (digest === '') return shortId(peerId);
    const returned = `${shortId(peerId)}: returned ${shortId(digest)} for chunk ${chunk}`;
    const right = expected === '' ? "which the job's verify refuted" : `not ${shortId(expected)}`;
    return `${returned}, ${right}`;
  });
  const hidden = caught.length - lines.length;
  return hidden > 0 ? [...lines, `and ${plural(hidden, 'peer')} more; --json lists all`] : lines;
}

/** A screen of them; a job may have thousands. */
const contributionsShownMax = 20;
const caughtShownMax = 20;

const contributionColumns: readonly Column[] = [
  { title: 'PEER' },
  { title: 'LEASED', align: 'right', expendable: true },
  { title: 'ACCEPTED', align: 'right' },
  { title: 'LOST', align: 'right' },
  { title: 'LATE', align: 'right', expendable: true },
  { title: 'FAILED', align: 'right', expendable: true },
  { title: 'EXPIRED', align: 'right', expendable: true },
  { title: 'COMPUTE', align: 'right', expendable: true },
];

/** A list of jobs, newest first as the peer gives them. */
export function jobsLines(jobs: readonly Job[], columns: number, nowMs: number): string[] {
  return table(
    [
      { title: 'JOB' },
      { title: 'NAME', columnsMin: 8 },
      { title: 'STATE' },
      { title: 'CHUNKS', align: 'right' },
      { title: 'TRUST', expendable: true },
      { title: 'SUBMITTED', align: 'right', expendable: true },
    ],
    jobs.map((job) => [
      shortId(job.jobId),
      job.name,
      job.state,
      `${countText(job.accepted)}/${countText(job.chunks)}${job.splitEnded ? '' : '+'}`,
      trustText(job),
      `${durationText(Math.max(nowMs - job.createdAtMs, 0))} ago`,
    ]),
    columns,
  );
}

/** As it is given on the command line; what is assumed, where that is not the default. */
export function trustText({ quorum, credibility }: TrustShown): string {
  if (credibility === null) return quorum === 1 ? 'all' : `quorum:${quorum}`;
  const { errorRate, assumeFaulty, identitiesScarce } = credibility;
  const faulty = assumeFaulty === FAULTY_DEFAULT ? '' : ` faulty:${assumeFaulty}`;
  return `error-rate:${errorRate}${faulty}${identitiesScarce ? ' scarce' : ''}`;
}

/** What the job's own functions say, where it has some. */
export function comparisonText({ comparison }: Pick<Job, 'comparison'>): string {
  switch (comparison) {
    case 'verify':
      return 'by verify: one result that it finds right is enough, whatever the trust';
    case 'equals':
      return 'by equals: results that it takes for equal count as the same';
    default:
      return comparison;
  }
}

export type TrustShown = Pick<Job, 'quorum' | 'credibility'>;

/** A guess that errs on the safe side: BOINC's projects see some percent. */
export const FAULTY_DEFAULT = 0.2;
