import type { ParsedConfig } from './schema/index.ts';

export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

type Parsed = DeepReadonly<ParsedConfig>;

/** One destination, complete: `callingAeTitle` is always set. */
export type DestinationConfig = Parsed['pacs'][number] & { readonly callingAeTitle: string };
/** One sender, complete: `name` and `maxAssociations` are always set. */
export type SenderConfig = Parsed['senders'][number] & {
  readonly name: string;
  readonly maxAssociations: number;
};

/**
 * The whole configuration, valid and frozen. Durations are milliseconds and sizes are bytes; each setting is
 * described in docs/configuration.md, which is generated from the schema.
 */
export interface NodeConfig extends Omit<Parsed, 'pacs' | 'senders' | 'backup'> {
  readonly pacs: readonly DestinationConfig[];
  readonly senders: readonly SenderConfig[];
  readonly backup: Parsed['backup'] & { readonly directory: string };
}

export type ListenerConfig = NodeConfig['listener'];
export type StorageConfig = NodeConfig['storage'];
export type ConsoleConfig = NodeConfig['console'];
export type ModelConfig = NodeConfig['model'];
export type RetentionConfig = NodeConfig['retention'];
export type RulesConfig = NodeConfig['rules'];
export type DictionaryEntry = RulesConfig['dictionary'][number];
export type ResultsConfig = NodeConfig['results'];
export type AlertsConfig = NodeConfig['alerts'];

/** Fills in the values that default to other settings, and freezes the whole. */
export function completeConfig(parsed: ParsedConfig): NodeConfig {
  return deepFreeze({
    ...parsed,
    senders: parsed.senders.map((sender) => ({
      ...sender,
      name: sender.name ?? sender.aeTitle,
      maxAssociations: sender.maxAssociations ?? parsed.listener.maxAssociationsPerSender,
    })),
    pacs: parsed.pacs.map((destination) => ({
      ...destination,
      callingAeTitle: destination.callingAeTitle ?? parsed.aeTitle,
    })),
    backup: { ...parsed.backup, directory: parsed.backup.directory ?? `${parsed.storage.directory}/backup` },
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
