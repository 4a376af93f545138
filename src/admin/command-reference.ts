import { type CommandNode, flattened } from './command-node.ts';

/** docs/commands.md: every command with its arguments and options, from the commands themselves. */
export function commandReference(program: CommandNode): string {
  const [, ...commands] = flattened(program);
  const sections = commands
    .filter(({ node }) => node.commands.length === 0)
    .map(({ path, node }) => section([program.name, ...path].join(' '), node));
  return [
    '# Commands',
    '',
    'Generated from the commands themselves; do not edit. Exit codes: 0 done, 1 a check failed, 2 wrong command line, 3 the node or a peer does not answer, 4 not found, 5 refused. `--json` answers carry `"schema": 1`. Changing commands are audited with the name of the operator (the user behind sudo). No command prints colours or control characters when its output is not a terminal.',
    '',
    '## Options of every command',
    '',
    ...optionLines(program),
    '',
    ...sections,
  ].join('\n');
}

function section(name: string, { description, arguments: args, options }: CommandNode): string {
  const usage = args.map((argument) => `<${argument.name}>`).join(' ');
  return [
    `## ${`${name} ${usage}`.trim()}`,
    '',
    sentence(description),
    '',
    ...args.map(
      ({ name: argument, description: text, choices }) =>
        `- \`${argument}\`: ${text}${choices.length === 0 ? '' : ` (${choices.join(', ')})`}`,
    ),
    ...(args.length === 0 ? [] : ['']),
    ...optionLines({ options }),
    ...(options.some(({ long }) => long !== '--help') ? [''] : []),
  ].join('\n');
}

function optionLines({ options }: Pick<CommandNode, 'options'>): string[] {
  const told = options.filter(({ long }) => long !== '--help');
  if (told.length === 0) return [];
  return [
    '| option | meaning |',
    '|---|---|',
    ...told.map(({ flags, description }) => `| \`${flags}\` | ${description.replaceAll('|', '\\|')} |`),
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
