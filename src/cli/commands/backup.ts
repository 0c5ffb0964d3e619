/** `export` and `import`: a peer's identity and what it has earned, in one file. */

import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import { GridError, reasonOf } from '../../model/errors.ts';
import { Context, type Io } from '../context.ts';
import { bytesText, plural } from '../format.ts';
import { writeFileWhole } from '../job-output.ts';
import { shortId } from '../job-view.ts';
import { option } from '../options.ts';

export function addBackup(program: Command, io: Io): void {
  program
    .command('export')
    .summary('write a backup of this peer')
    .description(
      'Write a backup of this peer: its identity, what it has seen of other peers, its receipts. ' +
        'Works while the peer runs and while it does not. Whoever has the file is the peer: keep ' +
        'it as you keep a private key. Jobs and results are not in it.',
    )
    .argument('<file>', 'where to write it')
    .addHelpText('after', '\nExamples:\n  manyhands export peer.backup')
    .action((file: string, _options: object, self: Command) =>
      exportTo(file, new Context(self, io)),
    );
  program
    .command('import')
    .summary('take a backup of a peer back')
    .description(
      'Make the peer of this data folder the one of a backup. What the folder knows of other ' +
        'peers, and its receipts, stay. No peer may be running in it. With --force it may hold ' +
        'another peer, or a key that is damaged, but no jobs of another peer that are under way; ' +
        'what another peer has computed for others and not delivered is forgotten.',
    )
    .argument('<file>', 'that `manyhands export` has written')
    .addOption(
      option('--force', 'also where the folder holds another peer; its key is kept beside'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  manyhands import peer.backup\n  manyhands --data ~/second import peer.backup',
    )
    .action((file: string, options: { force?: boolean }, self: Command) =>
      importFrom(file, options.force === true, new Context(self, io)),
    );
}

async function exportTo(file: string, context: Context): Promise<void> {
  const bytes = await backupBytes(context);
  await writeFileWhole(file, [bytes], 0o600);
  if (context.json) context.printJson({ path: resolve(file), bytes: bytes.length });
  else {
    context.print(`Wrote ${file}, ${bytesText(bytes.length)}`);
    context.note('Whoever has this file is the peer: keep it as you keep a private key.');
  }
}

/** Of the peer that runs here, or else of the one that is kept here. */
async function backupBytes(context: Context): Promise<Uint8Array> {
  try {
    return await context.withPeer(async (client) => {
      const pieces: Uint8Array[] = [];
      for await (const { piece } of client.exportBackup()) pieces.push(piece);
      return Buffer.concat(pieces);
    });
  } catch (error) {
    if (!(error instanceof GridError) || error.code !== 'no-peer-running') throw error;
    const { exportBackup } = await import('../../runtime/backup.ts');
    return exportBackup(context.dataPath);
  }
}

async function importFrom(path: string, replace: boolean, context: Context): Promise<void> {
  const { backupBytesMax, importBackup } = await import('../../runtime/backup.ts');
  const bytes = await readBounded(path, backupBytesMax);
  const imported = await importBackup(context.dataPath, bytes, { replace });
  if (context.json) {
    context.printJson(imported);
    return;
  }
  const { peer, standings, receipts, replaced } = imported;
  context.print(
    `The peer in ${context.dataPath} is ${shortId(peer)}; new to it: ` +
      `${plural(receipts, 'receipt')}, ${plural(standings, 'standing')} of other peers`,
  );
  if (replaced !== undefined) context.note(`The key of the peer before is in ${replaced}.`);
  context.note('Two peers with one identity confuse a grid: run it in one place only.');
}

/** Also of a pipe or a device, which can't say how much there is. */
async function readBounded(path: string, bytesMax: number): Promise<Uint8Array> {
  try {
    // The last byte read, were there so many, is one too many.
    const bytes = Buffer.concat(await Array.fromAsync(createReadStream(path, { end: bytesMax })));
    if (bytes.length <= bytesMax) return bytes;
    throw new Error(`it has more than ${bytesText(bytesMax)}, and no backup has`);
  } catch (error) {
    throw new GridError(
      'input-unreadable',
      `Can't read the backup ${path}: ${reasonOf(error)}. Give a file that \`manyhands export\` ` +
        'has written.',
      { cause: error },
    );
  }
}
