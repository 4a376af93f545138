import { type DataSet } from '../../../src/dicom/data-set.ts';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';

/** One content item of a report as read back from its bytes. */
export interface ReadItem {
  readonly depth: number;
  readonly relationship: string;
  readonly valueType: string;
  /** Concept name as `value scheme`, or ''. */
  readonly name: string;
  readonly nameMeaning: string;
  readonly parent: ReadItem | undefined;
  readonly dataSet: DataSet;
}

export function read(bytes: Uint8Array): DataSet {
  const file = readPart10(bytes);
  if (!file.ok) throw file.error;
  return file.value.dataSet;
}

/** Every content item below the root, in tree order. */
export function contentItems(root: DataSet): readonly ReadItem[] {
  const found: ReadItem[] = [];
  const visit = (dataSet: DataSet, depth: number, parent: ReadItem | undefined): void => {
    for (const child of dataSet.sequence('ContentSequence')) {
      const [concept] = child.sequence('ConceptNameCodeSequence');
      const item: ReadItem = {
        depth,
        relationship: child.string('RelationshipType') ?? '',
        valueType: child.string('ValueType') ?? '',
        name: concept === undefined ? '' : codeOf(concept),
        nameMeaning: concept?.string('CodeMeaning') ?? '',
        parent,
        dataSet: child,
      };
      found.push(item);
      visit(child, depth + 1, item);
    }
  };
  visit(root, 1, undefined);
  return found;
}

export function codeOf(item: DataSet): string {
  return `${item.string('CodeValue') ?? ''} ${item.string('CodingSchemeDesignator') ?? ''}`;
}

/** The value of a CODE item as `value scheme`. */
export function codeValue(item: ReadItem): string {
  const [value] = item.dataSet.sequence('ConceptCodeSequence');
  return value === undefined ? '' : codeOf(value);
}

/** Every coded triple anywhere in the object: [value, scheme, meaning]. */
export function codedTriples(dataSet: DataSet): readonly (readonly [string, string, string])[] {
  const own = dataSet.string('CodeValue');
  const here: (readonly [string, string, string])[] =
    own === undefined
      ? []
      : [[own, dataSet.string('CodingSchemeDesignator') ?? '', dataSet.string('CodeMeaning') ?? '']];
  const below = [...dataSet.elements()].flatMap(({ items }) =>
    (items ?? []).flatMap((item) => codedTriples(item)),
  );
  return [...here, ...below];
}
