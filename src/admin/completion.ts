import { type CommandNode, flattened } from './command-node.ts';

/** A completion script for one shell, generated from the commands: verbs, nouns, options and closed lists of values. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish', program: CommandNode): string {
  switch (shell) {
    case 'bash':
      return bashScript(program);
    case 'zsh':
      // zsh runs the completion of bash through its own emulation of it.
      return `#compdef ${program.name}\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}`;
    case 'fish':
      return fishScript(program);
  }
}

function bashScript(program: CommandNode): string {
  const cases = flattened(program).map(
    ({ path, node }) => `    '${path.join(' ')}') words='${wordsOf(node).join(' ')}' ;;`,
  );
  const paths = flattened(program)
    .map(({ path }) => path.join(' '))
    .filter((path) => path !== '');
  return `_${identifier(program)}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word before=''
  local known='|${paths.join('|')}|'
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    # A folder may be called like a verb: what stands behind -c is no verb.
    if [[ $before != -c && $before != --config && $known == *"|\${path:+$path }$word|"* ]]; then path="\${path:+$path }$word"; fi
    before="$word"
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${identifier(program)} ${program.name}
`;
}

function wordsOf(node: CommandNode): string[] {
  return [
    ...node.commands.map(({ name }) => name),
    ...node.arguments.flatMap(({ choices }) => choices),
    ...node.options.map(({ long }) => long).filter((long) => long !== ''),
  ];
}

function fishScript(program: CommandNode): string {
  const lines = flattened(program).flatMap(({ path, node }) => {
    const condition =
      path.length === 0
        ? '__fish_use_subcommand'
        : path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const start = `complete -c ${program.name} -n ${quoted(condition)}`;
    return [
      ...node.commands.map(({ name, description }) => `${start} -f -a ${name} -d ${quoted(description)}`),
      ...node.arguments.flatMap(({ choices }) => choices.map((choice) => `${start} -f -a ${choice}`)),
      ...node.options
        .filter(({ long }) => long !== '')
        .map(
          ({ long, takesValue, choices, description }) =>
            `${start} -l ${long.replace(/^--/, '')}${takesValue ? ' -r' : ''}${choices.length === 0 ? '' : ` -f -a ${quoted(choices.join(' '))}`} -d ${quoted(description)}`,
        ),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function identifier({ name }: CommandNode): string {
  return name.replaceAll(/\W/g, '_');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}
