export { checkSources } from './check.ts';
export { type ConfigChange, diffConfig, formatChanges } from './diff.ts';
export type { Environment } from './environment.ts';
export { variableNameOf } from './environment.ts';
export { type ConfigFault, formatFaults } from './faults.ts';
export {
  type ConfigEntry,
  type ConfigSources,
  type LoadedConfig,
  loadConfig,
  parseConfig,
  secretMask,
  writtenSetting,
} from './load.ts';
export type {
  AlertsConfig,
  ConsoleConfig,
  DestinationConfig,
  DictionaryEntry,
  ListenerConfig,
  ModelConfig,
  NodeConfig,
  ResultsConfig,
  RetentionConfig,
  RulesConfig,
  SenderConfig,
  StorageConfig,
} from './node-config.ts';
export { configJsonSchema, configReference, explainSetting } from './reference.ts';
export { keepUntilRestart, withoutSecrets } from './running.ts';
export { configFiles } from './schema/index.ts';
export { resultObjectKinds, srClasses } from './schema/peers.ts';
export type { Origin, SourceFile } from './source-set.ts';
export type { Bytes, Milliseconds, WeeklyHours } from './values.ts';
