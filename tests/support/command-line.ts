import { type CommandNode, flattened } from '../../src/admin/command-node.ts';

/** The command lines of this program in pieces of code; `systemctl stop lumbar-node` and aliases are none. */
export function commandLines(code: readonly string[]): string[] {
  const call = /(?:^|[;&|] *|sudo -u lumbar-node )(?:\S*\/)?lumbar-node +([^;&|<>]+)/g;
  return code
    .filter((piece) => !piece.startsWith('alias '))
    .flatMap((piece) => [...piece.matchAll(call)].map(([, rest = '']) => rest.trim()));
}

/** What a command line has that the program does not: undefined when it would be taken. */
export function commandFault(line: string, program: CommandNode): string | undefined {
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  let node = program;
  let positionals = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const child = node.commands.find(({ name }) => name === word);
    if (word.startsWith('-')) {
      const option = [...node.options, ...program.options].find(
        ({ long, short }) => word === long || (short !== '' && word === short),
      );
      if (option === undefined) return `${line}: no option ${word}`;
      if (!option.takesValue) continue;
      const value = words[++at];
      if (value === undefined) return `${line}: ${word} needs a value`;
      if (option.choices.length > 0 && !option.choices.includes(value))
        return `${line}: ${word} is not ${value}`;
    } else if (child !== undefined && positionals === 0) node = child;
    else if (node.commands.length > 0) return `${line}: no command ${word}`;
    else positionals++;
  }
  if (node.commands.length > 0) return `${line}: not a whole command`;
  const least = (node.usage.match(/<[^>]+>/g) ?? []).length;
  const most = node.usage.includes('...') ? Number.POSITIVE_INFINITY : node.arguments.length;
  if (positionals < least || positionals > most)
    return `${line}: ${positionals} arguments, usage ${node.usage}`;
  return undefined;
}

/** Whether a path such as `queue list` is a command or a group of commands. */
export function isCommand(path: string, program: CommandNode): boolean {
  return flattened(program).some(({ path: words }) => words.length > 0 && words.join(' ') === path);
}
