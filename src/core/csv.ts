/** One row of a CSV file with the line it began on, for messages. */
export interface CsvRow {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

/**
 * Reads RFC 4180 CSV with a header line: quoted cells, doubled quotes, CRLF or LF, an optional byte order mark.
 * Missing cells read as empty; surplus ones are dropped.
 */
export function parseCsv(text: string): {
  readonly header: readonly string[];
  readonly rows: readonly CsvRow[];
} {
  const table = cellsOf(text.replace(/^\uFEFF/, ''));
  const [first, ...body] = table;
  const header = (first?.cells ?? []).map((cell) => cell.trim());
  return {
    header,
    rows: body
      .filter(({ cells }) => cells.some((cell) => cell !== ''))
      .map(({ line, cells }) => ({
        line,
        cells: Object.fromEntries(header.map((name, column) => [name, (cells[column] ?? '').trim()])),
      })),
  };
}

/** Writes RFC 4180 CSV. A cell that a spreadsheet would run as a formula gets a leading apostrophe (CWE-1236). */
export function formatCsv(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cell = (value: string | number): string => {
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

function cellsOf(text: string): { line: number; cells: string[] }[] {
  const table: { line: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let start = 1;
  const endRow = (): void => {
    table.push({ line: start, cells: [...cells, cell] });
    cells = [];
    cell = '';
    start = line;
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char === '\n') line++;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === ',') {
      cells.push(cell);
      cell = '';
    } else if (char === '\n') endRow();
    else if (char !== '\r') cell += char;
  }
  if (cell !== '' || cells.length > 0) endRow();
  return table;
}
