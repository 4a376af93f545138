/**
 * What the view filter needs from a data set; `DataSet` of src/dicom is one. Keywords are those of PS3.6. Absent,
 * empty and unreadable values read as undefined or as an empty list.
 */
export interface ViewDataSet {
  has(keyword: string): boolean;
  string(keyword: string): string | undefined;
  strings(keyword: string): readonly string[];
  number(keyword: string): number | undefined;
  sequence(keyword: string): readonly ViewDataSet[];
}

/** One image to decide about. */
export interface ViewInput {
  readonly dataSet: ViewDataSet;
  readonly sopClassUid: string;
  readonly callingAeTitle: string;
  /** True when the object is one of this node's own results. */
  readonly isOwnObject?: boolean;
  /** False when the object carries no pixel data. */
  readonly hasPixelData?: boolean;
}
