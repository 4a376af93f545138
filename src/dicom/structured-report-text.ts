import type { DataSet } from './data-set.ts';

/**
 * The content tree of a structured report as indented text, one item a line, in the manner of `dsrdump`: relationship,
 * value type, concept, value (PS3.3 C.17.3). For people who look at a file without a viewer; it names no patient.
 */
export function structuredReportText(dataSet: DataSet): string {
  return `${itemLines(dataSet, '1', 0).join('\n')}\n`;
}

function itemLines(item: DataSet, number: string, depth: number): string[] {
  const relationship = item.string('RelationshipType')?.toLowerCase();
  const head = [relationship, item.string('ValueType')].filter((part) => part !== undefined).join(' ');
  const concept = item.sequence('ConceptNameCodeSequence')[0]?.string('CodeMeaning');
  const name = concept === undefined ? '' : ` "${concept}"`;
  const value = valueText(item);
  const line = `${'  '.repeat(depth)}${number} <${head}${name}>${value === '' ? '' : ` ${value}`}`;
  const children = item
    .sequence('ContentSequence')
    .flatMap((child, index) => itemLines(child, `${number}.${index + 1}`, depth + 1));
  return [line, ...children];
}

function valueText(item: DataSet): string {
  switch (item.string('ValueType')) {
    case 'TEXT':
      return item.string('TextValue') ?? '';
    case 'CODE': {
      const code = item.sequence('ConceptCodeSequence')[0];
      return `${code?.string('CodeMeaning') ?? ''} (${code?.string('CodeValue') ?? ''}, ${code?.string('CodingSchemeDesignator') ?? ''})`;
    }
    case 'NUM': {
      const measured = item.sequence('MeasuredValueSequence')[0];
      const unit = measured?.sequence('MeasurementUnitsCodeSequence')[0]?.string('CodeValue') ?? '';
      return `${measured?.string('NumericValue') ?? ''} ${unit}`;
    }
    case 'UIDREF':
      return item.string('UID') ?? '';
    case 'DATE':
      return item.string('Date') ?? '';
    case 'IMAGE':
    case 'COMPOSITE':
      return item.sequence('ReferencedSOPSequence')[0]?.string('ReferencedSOPInstanceUID') ?? '';
    case 'SCOORD':
      return `${item.string('GraphicType') ?? ''} ${item.numbers('GraphicData').join(' ')}`;
    default:
      return '';
  }
}
