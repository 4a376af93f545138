/** One rewritten line on a terminal, a line every 10 % anywhere else. */
export function progressLine(what: string, done: number, total: number): void {
  const { stderr } = process;
  if (stderr.isTTY) stderr.write(`\r${done} of ${total} ${what}${done === total ? '\n' : ''}`);
  else if (done === total || done % Math.max(1, Math.ceil(total / 10)) === 0)
    stderr.write(`${done} of ${total} ${what}\n`);
}
