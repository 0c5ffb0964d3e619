/**
 * Shell completion, made from the tree of commands: a script per shell that knows every command and
 * option, so that completing costs no start of Node. Where a value is expected, and for arguments,
 * the shell completes file names. zsh reads the bash script through its own bashcompinit.
 */

import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completionScript(program: Command, shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bashScript(program);
    case 'zsh':
      return `${zshPrelude}${bashScript(program)}`;
    case 'fish':
      return fishScript(program);
    default:
      throw new Error(`no completion for the shell ${String(shell satisfies never)}`);
  }
}

const zshPrelude = `autoload -U +X compinit && compinit -i
autoload -U +X bashcompinit && bashcompinit
`;

/**
 * One `case` over the words so far without options: "" offers the commands, "grid" its
 * subcommands, "grid create" its options.
 */
function bashScript(program: Command): string {
  const cases = nodesOf(program).map(
    ({ path, words }) => `    '${path.join(' ')}') words='${words.join(' ')}' ;;`,
  );
  const name = program.name();
  return `# ${name} completion: source this file, or put it where the shell looks for them.
_${name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path='' word words
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${pathPatternOf(program)}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$prev" in
    ${valueFlagsOf(program).join('|')}) COMPREPLY=( $(compgen -f -- "$cur") ); return ;;
  esac
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "$cur") )
  if [ -n "$path" ] && [ "\${cur#-}" = "$cur" ]; then
    COMPREPLY+=( $(compgen -f -- "$cur") )
  fi
}
complete -o filenames -F _${name} ${name}
`;
}

function fishScript(program: Command): string {
  const name = program.name();
  const lines = nodesOf(program).flatMap(({ path, command }) => {
    const start = `complete -c ${name} -n '${fishCondition(path, command)}'`;
    const commands = command.commands.map((each) => {
      const description = fishText(each.summary() || each.description());
      return `${start} -f -a ${each.name()} -d '${description}'`;
    });
    const options = command.options.map(({ long, required, description }) => {
      const flag = long?.replace(/^--/, '') ?? '';
      return `${start} -l ${flag}${required ? ' -r' : ''} -d '${fishText(description)}'`;
    });
    return commands.concat(options);
  });
  const title = `# ${name} completion: put it into ~/.config/fish/completions/${name}.fish`;
  return `${[title, ...lines].join('\n')}\n`;
}

/** On the command line: this command, and none of its subcommands yet. */
function fishCondition(path: readonly string[], command: Command): string {
  if (path.length === 0) return '__fish_use_subcommand';
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const deeper = command.commands.map((each) => each.name()).join(' ');
  return [...seen, ...(deeper === '' ? [] : [`not __fish_seen_subcommand_from ${deeper}`])].join(
    '; and ',
  );
}

function fishText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}

type Node = { readonly path: string[]; readonly command: Command; readonly words: string[] };

/** Every command with the words that may follow it. */
function nodesOf(program: Command): Node[] {
  const visit = (command: Command, path: string[]): Node[] => {
    const own = command.options.flatMap(({ long }) => long ?? []);
    const subcommands = command.commands.map((each) => each.name());
    return [
      { path, command, words: [...subcommands, ...own, '--help'] },
      ...command.commands.flatMap((each) => visit(each, [...path, each.name()])),
    ];
  };
  return visit(program, []);
}

/** The paths of all commands, as one pattern of `case`. */
function pathPatternOf(program: Command): string {
  return nodesOf(program)
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `'${path.join(' ')}'`)
    .join('|');
}

/** Options that take a value, of any command. */
function valueFlagsOf(program: Command): string[] {
  const flags = nodesOf(program).flatMap(({ command }) =>
    command.options.flatMap(({ long, required }) => (required && long !== undefined ? [long] : [])),
  );
  return [...new Set(flags)].sort();
}
