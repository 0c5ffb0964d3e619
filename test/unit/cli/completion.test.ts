import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import { runCli } from '../../support/run-cli.ts';
import { tempDir } from '../../support/temp-dir.ts';

let script: string;

beforeEach(async () => {
  const { stdout } = await runCli(['completion', 'bash']);
  script = join(tempDir(), 'completion.bash');
  writeFileSync(script, stdout);
});

/** What bash offers when TAB is pressed at the end of the line. */
function complete(line: string): string[] {
  const words = line.split(' ');
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const program = `source "$1"; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}
    _manyhands; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['-c', program, 'bash', script], { encoding: 'utf8' });
  return output.split('\n').filter((each) => each !== '');
}

test('bash completes commands', () => {
  expect(complete('manyhands su')).toEqual(['submit']);
  expect(complete('manyhands grid cr')).toContain('create');
  expect(complete('manyhands --json pa')).toEqual(['pause']);
});

test('bash completes the options of a command, and those of all', () => {
  expect(complete('manyhands submit jobs/primes --wa')).toEqual(['--wall-limit']);
  expect(complete('manyhands grid create x --na')).toEqual(['--name']);
  expect(complete('manyhands jobs --js')).toEqual(['--json']);
  expect(complete('manyhands jobs --wa')).toEqual([]);
});

test('bash completes file names where a value or an argument stands', () => {
  expect(complete('manyhands submit package.js')).toEqual(['package.json']);
  expect(complete('manyhands submit x --input package.js')).toEqual(['package.json']);
});

test('zsh gets the bash script with its adapter, fish a line for each word', async () => {
  const zsh = await runCli(['completion', 'zsh']);
  expect(zsh.stdout.toString()).toMatch(/bashcompinit\n[^]*complete -o filenames -F _manyhands/);
  const fish = await runCli(['completion', 'fish']);
  expect(fish.stdout.toString()).toContain(
    "complete -c manyhands -n '__fish_use_subcommand' -f -a submit",
  );
  expect(fish.stdout.toString()).toContain(
    "complete -c manyhands -n '__fish_seen_subcommand_from submit' -l wall-limit -r -d",
  );
});
