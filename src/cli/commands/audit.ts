/** `audit`: were a job's results believed rightly? */

import { resolve } from 'node:path';

import type { Command } from 'commander';

import { GridError } from '../../model/errors.ts';
import type { AuditVerdict } from '../../runtime/audit-check.ts';
import type { Findings } from '../../runtime/audit-findings.ts';
import type { Recomputed } from '../../runtime/recompute.ts';
import { type AuditFile, exportedFile, givenFile, isFile } from '../audit-file.ts';
import { auditJson, auditLines, recomputedLines } from '../audit-view.ts';
import { Context, type Io } from '../context.ts';
import { bytesText, plain, plural } from '../format.ts';
import { option, valueOption } from '../options.ts';
import { parsePortion, type Portion } from '../values.ts';

type AuditOptions = {
  readonly export?: string;
  readonly inputs?: boolean;
  readonly recompute?: Portion;
};

export function addAudit(program: Command, io: Io): void {
  program
    .command('audit')
    .summary('check why the results of a job were believed')
    .description(
      'Check why the results of a job were believed: that peers have signed each of them, as ' +
        "many as the job's trust asks for, and that nothing was changed since. A job of this " +
        'peer by its id, or any job from a file that --export has written. That needs no peer, ' +
        'no network, and no trust in whoever had the file.',
    )
    .argument('<job|file>', 'id of a job, its beginning is enough; or an audit file')
    .addOption(option('--export <file>', 'write the audit file, for others to check'))
    .addOption(option('--inputs', 'with program and inputs, so that others can recompute'))
    .addOption(
      valueOption(
        '--recompute <share>',
        'compute chunks again here, in the sandbox: 1%, or how many',
        parsePortion,
      ),
    )
    .addHelpText(
      'after',
      `
A file whose name could be an id is given as ./NAME.

Examples:
  manyhands audit c0ffee00
  manyhands audit c0ffee00 --recompute 1%
  manyhands audit c0ffee00 --export primes.audit --inputs
  manyhands audit primes.audit --recompute 20`,
    )
    .action((jobOrFile: string, options: AuditOptions, self: Command) =>
      audit(jobOrFile, options, new Context(self, io)),
    );
}

async function audit(jobOrFile: string, options: AuditOptions, context: Context): Promise<void> {
  checkOptions(jobOrFile, options);
  const { recompute: portion } = options;
  const file = isFile(jobOrFile)
    ? await givenFile(jobOrFile)
    : await filesOf(jobOrFile.toLowerCase(), options, context);
  try {
    const checked = await check(file, options, context);
    const recomputed =
      portion === undefined || checked.job === undefined
        ? undefined
        : await computeAgain(portion, file, checked.job, context);
    if (context.json) printJson(checked, recomputed, context);
    conclude(jobOrFile, checked, recomputed, context);
  } finally {
    file.drop();
  }
}

/** What is audited, and what stays: without --inputs not even what is computed from here. */
async function filesOf(
  jobId: string,
  { export: path, inputs: isWhole = false, recompute }: AuditOptions,
  context: Context,
): Promise<AuditFile> {
  const withInputs = isWhole || recompute !== undefined;
  if (path === undefined || isWhole === withInputs) {
    return exportedFile(context, { jobId, withInputs }, path);
  }
  const kept = await exportedFile(context, { jobId, withInputs: false }, path);
  kept.drop();
  const file = await exportedFile(context, { jobId, withInputs }, undefined);
  return { ...file, bytes: kept.bytes };
}

function checkOptions(jobOrFile: string, options: AuditOptions): void {
  if (isFile(jobOrFile) && options.export !== undefined) {
    throw new GridError(
      'usage',
      `--export writes the audit file of a job of this peer; ${jobOrFile} is taken for such a ` +
        'file. Give the id of a job.',
    );
  }
  if (options.inputs === true && options.export === undefined) {
    throw new GridError('usage', '--inputs says what to --export. Give both, or neither.');
  }
}

/** Tells at once what it has found: to compute chunks again may take long, and may fail. */
async function check(
  file: AuditFile,
  options: AuditOptions,
  context: Context,
): Promise<AuditVerdict> {
  const { checkAudit } = await import('../../runtime/audit-check.ts');
  const verdict = await checkAudit(file.pieces());
  if (!context.json) context.print(...auditLines(verdict, context.columns));
  if (options.export !== undefined) noteExport(options, options.export, file, verdict, context);
  return verdict;
}

type Again = {
  /** Whatever came in the way. */
  readonly outcome: Recomputed | GridError;
  readonly findings: Findings;
};

async function computeAgain(
  portion: Portion,
  file: AuditFile,
  job: NonNullable<AuditVerdict['job']>,
  context: Context,
): Promise<Again> {
  const { Findings: Found } = await import('../../runtime/audit-findings.ts');
  const findings = new Found();
  try {
    const outcome = await recomputedBy(portion, file, job, findings, context);
    if (!context.json) {
      const wrong = { findings: findings.first, findingsTotal: findings.total };
      context.print(...recomputedLines(outcome, wrong, context.columns));
    }
    return { outcome, findings };
  } catch (error) {
    if (!(error instanceof GridError)) throw error;
    return { outcome: error, findings };
  }
}

function printJson(checked: AuditVerdict, again: Again | undefined, context: Context): void {
  const { outcome, findings } = again ?? {};
  const verdict = {
    ...checked,
    holds: checked.holds && (findings?.total ?? 0) === 0,
    findings: [...checked.findings, ...(findings?.first ?? [])],
    findingsTotal: checked.findingsTotal + (findings?.total ?? 0),
  };
  const told = outcome instanceof GridError ? { reason: outcome.message } : outcome;
  context.printJson(auditJson(verdict, told));
}

async function recomputedBy(
  portion: Portion,
  file: AuditFile,
  job: NonNullable<AuditVerdict['job']>,
  findings: Findings,
  context: Context,
): Promise<Recomputed> {
  if (job.inputs === undefined) {
    throw new GridError(
      'usage',
      "There is nothing to recompute from: the chunks' inputs are not here, or not whole. They " +
        'are kept of jobs with up to 64 MiB of them, and come into a file by --export with ' +
        '--inputs.',
    );
  }
  const { recompute } = await import('../../runtime/recompute.ts');
  const asked = 'count' in portion ? portion.count : Math.ceil(portion.share * job.chunks);
  const chunks = Math.min(Math.max(asked, 1), job.chunks);
  if (!context.json) context.note(`Computing ${plural(chunks, 'chunk')} again ...`);
  return recompute({ pieces: file.pieces(), job, chunks, findings });
}

function noteExport(
  { inputs }: AuditOptions,
  path: string,
  file: AuditFile,
  { job }: AuditVerdict,
  context: Context,
): void {
  context.note(`Wrote the audit file, ${bytesText(file.bytes)}, to ${plain(resolve(path))}`);
  if (inputs === true && job !== undefined && job.inputs === undefined) {
    context.note('It has no inputs: they are kept of jobs with up to 64 MiB of them.');
  }
}

/** What is wrong goes first: who made the file may have seen to it that nothing can be computed. */
function conclude(
  what: string,
  { job, findingsTotal }: AuditVerdict,
  again: Again | undefined,
  context: Context,
): void {
  const { outcome, findings } = again ?? {};
  const wrong = findingsTotal + (findings?.total ?? 0);
  if (wrong > 0) {
    const trouble = outcome instanceof GridError ? ` ${outcome.message}` : '';
    throw new GridError(
      'audit-failed',
      `The audit of ${what} has found ${plural(wrong, 'thing')} that should not be.${trouble}`,
    );
  }
  if (outcome instanceof GridError) throw outcome;
  if (outcome !== undefined && isUndecided(outcome, job)) {
    throw new GridError(
      'audit-undecided',
      `What was signed holds, but of ${plural(outcome.chunks, 'chunk')} that were computed again ` +
        `${outcome.undecided.length} could not be told.`,
    );
  }
  if (!context.json) context.print('', 'It holds.');
}

/** Where several results may be right, some say nothing; but somebody asked for what they say. */
function isUndecided({ same, undecided }: Recomputed, job: AuditVerdict['job']): boolean {
  if (undecided.length === 0) return false;
  return job?.spec.comparison === 'digest' || same === 0;
}
