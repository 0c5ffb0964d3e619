/** What an audit has found, as people and as programs read it. Pure. */

import { short, shortBeside } from '../model/ids.ts';
import { trustNeeded } from '../model/job.ts';
import type { AuditedJob, AuditVerdict } from '../runtime/audit-check.ts';
import type { Dissent } from '../runtime/audit-chunks.ts';
import type { Recomputed } from '../runtime/recompute.ts';
import { countText, plain, plural, wrap } from './format.ts';
import { trustText } from './job-view.ts';

const labelColumns = 12;

export function auditLines(verdict: AuditVerdict, columns: number): string[] {
  const { job } = verdict;
  const lines: string[] = [];
  if (job !== undefined) {
    lines.push(`${plain(job.spec.name)} ${short(job.id)}: ${plural(job.chunks, 'chunk')}`);
    for (const [label, text] of jobParagraphs(job)) lines.push(...paragraph(label, text, columns));
  }
  return [...lines, ...wrongLines(verdict, columns)];
}

/** @param verdict on what was computed again, alone */
export function recomputedLines(recomputed: Recomputed, verdict: Wrong, columns: number): string[] {
  const lines = paragraph('recomputed', recomputedText(recomputed), columns);
  for (const [why, some] of Map.groupBy(recomputed.undecided, (each) => each.why)) {
    const shown = some.slice(0, undecidedShownMax).map(({ chunk }) => chunk);
    const hidden = some.length - shown.length;
    const more = hidden > 0 ? `, and ${countText(hidden)} more` : '';
    const which = `${some.length === 1 ? 'chunk' : 'chunks'} ${shown.join(', ')}${more}`;
    lines.push(...paragraph('', `${which}: ${why}`, columns));
  }
  return [...lines, ...wrongLines(verdict, columns)];
}

const undecidedShownMax = 20;

type Wrong = Pick<AuditVerdict, 'findings' | 'findingsTotal'>;

function wrongLines({ findings, findingsTotal }: Wrong, columns: number): string[] {
  const lines: string[] = [];
  for (const [at, finding] of findings.entries()) {
    lines.push(...paragraph(at === 0 ? 'wrong' : '', finding.text, columns));
  }
  const hidden = findingsTotal - findings.length;
  if (hidden > 0)
    lines.push(...paragraph('', `And ${countText(hidden)} more like these.`, columns));
  return lines;
}

function paragraph(label: string, text: string, columns: number): string[] {
  const lines = wrap(plain(text), Math.max(columns - labelColumns, 20));
  return lines.map((line, at) => `${(at === 0 ? label : '').padEnd(labelColumns)}${line}`);
}

function jobParagraphs(job: AuditedJob): [string, string][] {
  const { spec, dissentsTotal, dissents } = job;
  const others = dissentsTotal - dissents.length;
  return [
    ['requester', spec.requester],
    ['trust', trustShown(job)],
    ['believed', believedText(job)],
    ['signatures', signaturesText(job)],
    ['statements', statementsText(job)],
    ...(dissentsTotal > 0 ? [dissentHead(job)] : []),
    ...dissents.map((dissent): [string, string] => ['', dissentText(dissent)]),
    ...(others > 0 ? [['', `And ${countText(others)} more.`] satisfies [string, string]] : []),
    ...(job.caught.length > 0 ? [caughtParagraph(job)] : []),
  ];
}

function trustShown({ spec }: AuditedJob): string {
  if (spec.comparison === 'verify') return "the job's verify, and one signature";
  const { quorum, credibility } = spec.trust;
  const text = trustText({
    quorum,
    credibility:
      credibility === undefined
        ? null
        : { ...credibility, identitiesScarce: credibility.identities === 'scarce' },
  });
  return spec.comparison === 'equals' ? `${text}, compared by the job's equals` : text;
}

function believedText(job: AuditedJob): string {
  const { quorum, credibility } = trustNeeded(job.spec);
  const count = `${countText(job.believed)} of ${plural(job.chunks, 'chunk')}`;
  if (credibility === undefined) {
    return quorum === 1
      ? `${count}, each signed by a peer`
      : `${count}, each signed by ${quorum} different peers or more`;
  }
  const least = job.leastCredibility ?? 0;
  const bound = 1 - credibility.errorRate;
  return (
    `${count}, each at least ${bound} credible by what the requester says to have seen of ` +
    `those who signed (the least of all: ${Math.floor(least * 1e6) / 1e6})`
  );
}

function signaturesText({ leastSignatures, medianSignatures, ownSignatures }: AuditedJob): string {
  const own =
    ownSignatures === 0 ? '' : `; of ${plural(ownSignatures, 'chunk')} one is the requester's own`;
  return `${leastSignatures} a chunk at least, ${medianSignatures} at the median${own}`;
}

function statementsText({ statements, signed, peers }: AuditedJob): string {
  const signers = plural(peers, 'peer');
  return statements === signed
    ? `${countText(statements)}, each signed by one of ${signers}`
    : `${countText(statements)}, of which ${countText(signed)} are signed by one of ${signers}`;
}

function dissentHead({ dissentsTotal, dissenters }: AuditedJob): [string, string] {
  const results = plural(dissentsTotal, 'other result');
  return ['others', `${plural(dissenters, 'peer')} signed ${results} than the accepted ones:`];
}

function dissentText({ chunk, peer, digest, accepted, isOfOtherWork }: Dissent): string {
  const what = isOfOtherWork
    ? `${short(accepted)} too, but for another program or input`
    : `${shortBeside(digest, accepted)}, accepted is ${shortBeside(accepted, digest)}`;
  return `chunk ${chunk}: ${short(peer)} signed ${what}`;
}

function caughtParagraph({ caught }: AuditedJob): [string, string] {
  const shown = caught.slice(0, caughtShownMax).map((peer) => short(peer));
  const hidden = caught.length - shown.length;
  const more = hidden > 0 ? `, and ${countText(hidden)} more` : '';
  return ['caught', `${shown.join(', ')}${more}, as the requester says`];
}

const caughtShownMax = 20;

function recomputedText({ chunks, same, different, undecided }: Recomputed): string {
  const parts = [
    `${plural(chunks, 'chunk')} picked at random`,
    same === chunks ? 'all came out the same' : `${countText(same)} came out the same`,
    ...(different > 0 ? [`${countText(different)} otherwise`] : []),
  ];
  const rest = `${countText(undecided.length)} could not be told`;
  return [...parts, ...(undecided.length > 0 ? [rest] : [])].join(', ');
}

/** @property reason why nothing was computed again */
export type RecomputeTrouble = { readonly reason: string };

export function auditJson(
  { job, ...verdict }: AuditVerdict,
  recomputed: Recomputed | RecomputeTrouble | undefined,
): object {
  if (job === undefined) return { ...verdict };
  const { spec, id, ...found } = job;
  const { name, requester, trust, comparison, createdAtMs } = spec;
  return {
    ...verdict,
    job: { jobId: id, name, requester, trust, comparison, createdAtMs, ...found },
    ...(recomputed === undefined ? {} : { recomputed }),
  };
}
