/** Where the node keeps its things, all below `storage.directory`. */
export interface Folders {
  readonly data: string;
  readonly database: string;
  readonly spool: string;
  readonly results: string;
  readonly backups: string;
}
