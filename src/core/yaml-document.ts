import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';

/** A place in a text file; `line` and `column` count from 1, `length` is in characters and at least 1. */
export interface TextSpan {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** A step into a document: a mapping key or a sequence index. */
export type PathStep = string | number;

export interface YamlFault {
  readonly span: TextSpan;
  readonly message: string;
}

/**
 * A parsed YAML 1.2 document (JSON is YAML 1.2) that still knows where everything stands.
 * `value` is plain data (objects, arrays, strings, numbers, booleans, null); with `faults` it is what could be read.
 */
export interface YamlDocument {
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** The source lines without their line ends. */
  readonly lines: readonly string[];
  /** Where the value at `path` stands, or undefined when there is none. */
  spanOfValue(path: readonly PathStep[]): TextSpan | undefined;
  /** Where the key that leads to `path` stands; for a sequence item, where the item stands. */
  spanOfKey(path: readonly PathStep[]): TextSpan | undefined;
}

/**
 * The one door to the YAML library. Reads exactly one document with the core schema: no custom tags, no merge
 * keys, unique keys, and at most ten alias expansions, so that a small file cannot become a large value.
 * Never throws for bad text: faults carry their place.
 */
export function parseYamlDocument(text: string): YamlDocument {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: true,
    version: '1.2',
    schema: 'core',
  });
  const lines = text.split(/\r\n|\r|\n/);
  const spanOf = (start: number, end: number): TextSpan => {
    const { line, col } = lineCounter.linePos(start);
    const rest = Math.max(1, (lines[line - 1] ?? '').length - col + 1);
    return {
      line: Math.max(1, line),
      column: Math.max(1, col),
      length: Math.max(1, Math.min(end - start, rest)),
    };
  };
  const faults: YamlFault[] = [...document.errors, ...document.warnings].map((problem) => ({
    span: spanOf(faultStart(text, problem), problem.pos[1]),
    message: plainMessage(problem.code, problem.message),
  }));
  const spanOfNode = (node: Node | null): TextSpan | undefined =>
    node?.range ? spanOf(node.range[0], node.range[1]) : undefined;
  let value: unknown = null;
  try {
    value = document.toJS({ maxAliasCount: 10 }) as unknown;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    faults.push({
      span: { line: 1, column: 1, length: 1 },
      message: `the aliases cannot be expanded: ${message}`,
    });
  }
  return {
    value,
    faults,
    lines,
    spanOfValue: (path) => spanOfNode(walk(document.contents, path)?.value ?? null),
    spanOfKey: (path) => {
      const found = walk(document.contents, path);
      return found === undefined ? undefined : spanOfNode(found.key ?? found.value);
    },
  };
}

/** A quote that is never closed is noticed at the end of the file; the place to look at is where it opens. */
function faultStart(
  text: string,
  problem: { readonly pos: readonly [number, number]; readonly message: string },
): number {
  const quote = /^Missing closing (["'])/.exec(problem.message)?.[1];
  const opening = quote === undefined ? -1 : text.lastIndexOf(quote, problem.pos[0] - 1);
  return opening < 0 ? problem.pos[0] : opening;
}

interface Found {
  readonly key: Node | null;
  readonly value: Node | null;
}

function walk(contents: Node | null, path: readonly PathStep[]): Found | undefined {
  let found: Found | undefined = { key: null, value: contents };
  for (const step of path) {
    found = stepInto(found.value, step);
    if (found === undefined) return undefined;
  }
  return found;
}

function stepInto(node: Node | null, step: PathStep): Found | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return item === undefined ? undefined : { key: null, value: item as Node };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(
    (item): item is Pair<Node, Node> => isPair(item) && keyText(item.key) === String(step),
  );
  return pair === undefined ? undefined : { key: pair.key, value: pair.value };
}

function keyText(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

/** The library's codes in the words of somebody who edits the file; its own sentence where that is the clearest. */
function plainMessage(code: string, message: string): string {
  const first = (message.split('\n')[0] ?? message).trim();
  const plain: Readonly<Record<string, string>> = {
    DUPLICATE_KEY: 'the same key is written twice in one mapping',
    TAB_AS_INDENT: 'a tab cannot be used for indentation in YAML; use spaces',
    MULTIPLE_DOCS: 'only one YAML document per file is read; remove the "---" in between',
    BAD_ALIAS: 'this alias has no anchor',
    BAD_INDENT: `the indentation is wrong: ${first}`,
    MISSING_CHAR: first.startsWith('Missing closing')
      ? 'this quote is never closed'
      : `a character is missing: ${first}`,
    IMPOSSIBLE: `this cannot be read as YAML: ${first}`,
    BLOCK_AS_IMPLICIT_KEY:
      'this line starts a nested block where a plain value is expected; check the indentation',
    MULTILINE_IMPLICIT_KEY: 'a key must stand on one line and end with ":"',
    UNEXPECTED_TOKEN: `unexpected text: ${first}`,
  };
  return plain[code] ?? first.charAt(0).toLowerCase() + first.slice(1);
}
