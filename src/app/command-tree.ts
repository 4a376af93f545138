import type { Command } from 'commander';
import type { CommandNode } from '../admin/command-node.ts';

/** The commands of a program as plain values, for the completion script and the reference page. */
export function commandTree(command: Command): CommandNode {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    usage: command.usage(),
    arguments: help.visibleArguments(command).map((argument) => ({
      name: argument.name(),
      description: argument.description,
      choices: argument.argChoices ?? [],
    })),
    options: help.visibleOptions(command).map((option) => ({
      flags: option.flags,
      long: option.long ?? '',
      short: option.short ?? '',
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
      description: help.optionDescription(option),
    })),
    commands: help
      .visibleCommands(command)
      .filter((child) => child.name() !== 'help')
      .map(commandTree),
  };
}
