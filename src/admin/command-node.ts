/** One command with everything below it. */
export interface CommandNode {
  readonly name: string;
  readonly description: string;
  readonly usage: string;
  readonly arguments: readonly {
    readonly name: string;
    readonly description: string;
    readonly choices: readonly string[];
  }[];
  readonly options: readonly {
    readonly flags: string;
    readonly long: string;
    readonly short: string;
    readonly takesValue: boolean;
    readonly choices: readonly string[];
    readonly description: string;
  }[];
  readonly commands: readonly CommandNode[];
}

/** Every command with its path, such as `queue list`; the program itself has an empty path. */
export function flattened(
  node: CommandNode,
  path: readonly string[] = [],
): { path: readonly string[]; node: CommandNode }[] {
  return [{ path, node }, ...node.commands.flatMap((child) => flattened(child, [...path, child.name]))];
}
