import { code, type WritableDataSet } from '../../dicom/part10-writer.ts';
import type { CodedConcept } from '../result-input.ts';

/** Relationship of a content item to its parent (PS3.3 C.17.3.2.4); all by value, never by reference. */
export type Relationship =
  | 'CONTAINS'
  | 'HAS CONCEPT MOD'
  | 'HAS OBS CONTEXT'
  | 'HAS ACQ CONTEXT'
  | 'INFERRED FROM'
  | 'SELECTED FROM';

export interface SopReference {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** One content item with its children, ready to be encoded (PS3.3 C.17.3). */
export type ContentItem = WritableDataSet;

export function conceptItem({ value, scheme, meaning }: CodedConcept): WritableDataSet {
  return code(value, scheme, meaning);
}

export function container(
  relationship: Relationship,
  name: CodedConcept,
  children: readonly ContentItem[],
): ContentItem {
  return {
    ...head(relationship, 'CONTAINER', name),
    ContinuityOfContent: 'SEPARATE',
    ...(children.length === 0 ? {} : { ContentSequence: children }),
  };
}

export function text(relationship: Relationship, name: CodedConcept, value: string): ContentItem {
  return { ...head(relationship, 'TEXT', name), TextValue: value };
}

export function codeItem(
  relationship: Relationship,
  name: CodedConcept,
  value: CodedConcept,
  children: readonly ContentItem[] = [],
): ContentItem {
  return withChildren(
    { ...head(relationship, 'CODE', name), ConceptCodeSequence: [conceptItem(value)] },
    children,
  );
}

export function uidReference(relationship: Relationship, name: CodedConcept, uid: string): ContentItem {
  return { ...head(relationship, 'UIDREF', name), UID: uid };
}

export function date(relationship: Relationship, name: CodedConcept, value: string): ContentItem {
  return { ...head(relationship, 'DATE', name), Date: value };
}

/** `value` is DS text: the caller decides the digits. */
export function numeric(
  relationship: Relationship,
  name: CodedConcept,
  value: string,
  unit: CodedConcept,
  children: readonly ContentItem[] = [],
): ContentItem {
  return withChildren(
    {
      ...head(relationship, 'NUM', name),
      MeasuredValueSequence: [{ NumericValue: value, MeasurementUnitsCodeSequence: [conceptItem(unit)] }],
    },
    children,
  );
}

/** An image by reference to its SOP instance; `name` is left out where the template gives none. */
export function imageItem(
  relationship: Relationship,
  name: CodedConcept | undefined,
  reference: SopReference,
  children: readonly ContentItem[] = [],
): ContentItem {
  return withChildren(
    {
      ...head(relationship, 'IMAGE', name),
      ReferencedSOPSequence: [
        { ReferencedSOPClassUID: reference.sopClassUid, ReferencedSOPInstanceUID: reference.sopInstanceUid },
      ],
    },
    children,
  );
}

/**
 * A 2D shape in source pixels, (0,0) the top left corner of the image (C.18.6.1.1), on exactly one image.
 * POINT takes one pair; a POLYLINE that is to be closed repeats its first point.
 */
export function spatialCoordinates(
  relationship: Relationship,
  name: CodedConcept,
  shape: {
    readonly type: 'POINT' | 'POLYLINE';
    readonly points: readonly (readonly [x: number, y: number])[];
  },
  image: SopReference,
): ContentItem {
  return {
    ...head(relationship, 'SCOORD', name),
    GraphicType: shape.type,
    GraphicData: shape.points.flat(),
    ContentSequence: [imageItem('SELECTED FROM', undefined, image)],
  };
}

function head(relationship: Relationship, valueType: string, name: CodedConcept | undefined): ContentItem {
  return {
    RelationshipType: relationship,
    ValueType: valueType,
    ...(name === undefined ? {} : { ConceptNameCodeSequence: [conceptItem(name)] }),
  };
}

function withChildren(item: ContentItem, children: readonly ContentItem[]): ContentItem {
  return children.length === 0 ? item : { ...item, ContentSequence: children };
}
