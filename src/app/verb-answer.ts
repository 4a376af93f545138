/** What a verb found: its text goes to the terminal, its exit code to the shell. */
export interface VerbAnswer {
  readonly exitCode: number;
  /** Complete output, with its line feed. */
  readonly text: string;
}
