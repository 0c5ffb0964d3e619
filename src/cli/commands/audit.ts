/** `audit`: were a job's results believed rightly? */

import { resolve } from 'node:path';

import type { Command } from 'commander';

import { GridError } from '../../model/errors.ts';
import type { AuditVerdict } from '../../runtime/audit-check.ts';
import type { Findings } from '../../runtime/audit-findings.ts';
import type { Recomputed } from '../../runtime/recompute.ts';
import { type AuditFile, exportedFile, givenFile, isFile } from '../audit-file.ts';
import { auditJson, auditLines } from '../audit-view.ts';
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
  const withInputs = options.inputs === true || options.recompute !== undefined;
  const file = isFile(jobOrFile)
    ? await givenFile(jobOrFile)
    : await exportedFile(context, { jobId: jobOrFile, withInputs }, options.export);
  try {
    const { verdict, recomputed } = await checked(file, options.recompute, context);
    if (context.json) context.printJson(auditJson(verdict, recomputed));
    else context.print(...auditLines(verdict, recomputed, context.columns));
    if (options.export !== undefined) noteExport(options, options.export, file, verdict, context);
    conclude(jobOrFile, verdict, context);
  } finally {
    file.drop();
  }
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

async function checked(
  file: AuditFile,
  portion: Portion | undefined,
  context: Context,
): Promise<{ readonly verdict: AuditVerdict; readonly recomputed?: Recomputed }> {
  const [{ checkAudit, verdictOf }, { Findings: Found }] = await Promise.all([
    import('../../runtime/audit-check.ts'),
    import('../../runtime/audit-findings.ts'),
  ]);
  const findings = new Found();
  const { job } = await checkAudit(file.pieces(), findings);
  if (portion === undefined || job === undefined) return { verdict: verdictOf(findings, job) };
  const recomputed = await recomputedBy(portion, file, job, findings, context);
  return { verdict: verdictOf(findings, job), recomputed };
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
      "There is nothing to recompute from: the chunks' inputs are not here. They are kept of " +
        'jobs with up to 64 MiB of them, and come into a file by --export with --inputs.',
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

function conclude(what: string, { holds, findingsTotal }: AuditVerdict, context: Context): void {
  if (!holds) {
    throw new GridError(
      'audit-failed',
      `The audit of ${what} has found ${plural(findingsTotal, 'thing')} that should not be.`,
    );
  }
  if (context.json) return;
  context.print('', 'It holds.');
}
