import { readFile } from 'node:fs/promises';

import { beforeEach, describe, expect, test, vi } from 'vitest';

import { stubDataFolder } from '../../support/cli-fixtures.ts';
import { runCli } from '../../support/run-cli.ts';

beforeEach(() => {
  stubDataFolder();
});

describe('the command line', () => {
  test('answers a typo with what was meant, and exit code 2', async () => {
    const typo = await runCli(['sumbit']);
    expect(typo).toMatchObject({ code: 2 });
    expect(typo.stderr).toBe("error: unknown command 'sumbit' (Did you mean submit?)\n");
    const option = await runCli(['jobs', '--jsno']);
    expect(option.stderr).toBe("error: unknown option '--jsno' (Did you mean --json?)\n");
  });

  test('shows examples in the help of every command, in 80 columns', async () => {
    const { stdout } = await runCli(['completion', 'bash']);
    const commands = [...stdout.toString().matchAll(/^ +'([a-z -]+)'\) words=/gm)].map(
      ([, path = '']) => path.split(' '),
    );
    expect(commands.length).toBeGreaterThan(16);
    for (const path of commands) {
      const help = await runCli([...path, '--help']);
      expect(help.code).toBe(0);
      const tooLong = help.stdout
        .toString()
        .split('\n')
        .filter((line) => line.length > 80);
      expect([path, tooLong]).toEqual([path, []]);
      const hasExamples = /Examples:\n {2}(manyhands|source)/.test(help.stdout.toString());
      expect([path, hasExamples]).toEqual([path, !['grid', 'exit-codes'].includes(path.join(' '))]);
    }
  });

  test('prints its version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(await runCli(['--version'])).toMatchObject({ code: 0 });
    expect((await runCli(['--version'])).stdout.toString()).toBe(`${version}\n`);
  });

  test.each([
    [['join', '--listen', '7420'], /--listen.*host:port.*7420.*\[2001:db8::7\]:7420/],
    [['join', '--slots', '2.5'], /--slots.*a whole number from 0 to 1024/],
    [['join', '--log-level', 'loud'], /trace, debug, info, warn, error, fatal, silent/],
    [['submit', 'x', '--trust', 'some'], /"all".*"quorum:N".*or "error-rate:E"/],
    [['submit', 'x', '--wall-limit', '30'], /30s, 90m, 2h or 1h30m/],
    [['submit', 'x', '--memory-limit', 'much'], /256MiB, 1GB/],
    [['submit', 'x', '--result-limit', '17MiB'], /at most 16MiB/],
    [['submit', 'x', 'n'], /key=value/],
    [['submit', 'x', '--stderr-limit', '65KiB'], /at most 64KiB/],
    [['submit', 'x', '--range', '1-5'], /0\.\.256/],
    [['join', '--max-memory', 'all'], /256MiB, 1GB/],
    [['join', '--max-result', '17MiB'], /at most 16MiB/],
    [['init', 'x', '--lang', 'cobol'], /typescript, python, wasi/],
    [['pause', 'soon'], /30s, 90m, 2h or 1h30m/],
    [['submit'], /missing required argument 'job'/],
    [['completion', 'tcsh'], /bash, zsh, fish/],
  ])('refuses the wrong value in %j with what is accepted', async (args, expected) => {
    const { code, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/\n +at /);
  });

  test('takes options from the environment, where empty means not set', async () => {
    vi.stubEnv('MANYHANDS_WALL_LIMIT', 'forever');
    const wrong = await runCli(['submit', 'x']);
    expect(wrong.stderr).toMatch(/MANYHANDS_WALL_LIMIT.*30s/);
    vi.stubEnv('MANYHANDS_WALL_LIMIT', '');
    vi.stubEnv('MANYHANDS_JSON', '0');
    expect((await runCli(['exit-codes'])).stdout.toString()).toMatch(/^ {2}0 {2}all went well/);
    vi.stubEnv('MANYHANDS_JSON', '1');
    expect(JSON.parse((await runCli(['exit-codes'])).stdout.toString())).toContainEqual({
      number: 0,
      meaning: 'all went well',
    });
  });

  test('takes the data folder before the command or behind it, nearest first', async () => {
    vi.stubEnv('MANYHANDS_DATA', '/from/environment');
    const folderOf = async (...args: readonly string[]): Promise<string | undefined> =>
      /nobody listens on (.*)\/control\.sock/.exec((await runCli(args)).stderr)?.[1];
    expect(await folderOf('jobs')).toBe('/from/environment');
    expect(await folderOf('--data', '/before', 'jobs')).toBe('/before');
    expect(await folderOf('jobs', '--data', '/behind')).toBe('/behind');
    expect(await folderOf('--data', '/before', 'jobs', '--data', '/behind')).toBe('/behind');
    expect(await folderOf('--data', '/before', 'submit', 'primes', '--detach')).toBe('/before');
  });

  test('takes --json and --verbose before the command or behind it', async () => {
    for (const args of [
      ['--json', 'jobs'],
      ['jobs', '--json'],
    ]) {
      expect(JSON.parse((await runCli(args)).stderr)).toHaveProperty('error');
    }
    expect((await runCli(['--verbose', 'jobs'])).stderr).toMatch(/\n +at /);
  });

  test('shows the stack with --verbose only, and errors as JSON with --json', async () => {
    expect((await runCli(['jobs'])).stderr).not.toMatch(/\n +at /);
    expect((await runCli(['jobs', '--verbose'])).stderr).toMatch(/\n +at /);
    const { stderr, stdout, code } = await runCli(['jobs', '--json']);
    expect(code).toBe(8);
    expect(stdout).toHaveLength(0);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'no-peer-running', message: expect.stringContaining('manyhands join') },
    });
  });

  test('uses colours on a terminal only, and not with NO_COLOR', async () => {
    expect((await runCli(['jobs'])).stderr).not.toContain('\u001b[');
    vi.stubEnv('FORCE_COLOR', undefined);
    vi.stubEnv('NO_COLOR', '1');
    expect((await runCli(['jobs'], { columns: 80 })).stderr).not.toContain('\u001b[');
  });
});
