import { z } from 'zod';
import { nodeSettings } from './node.ts';
import { pacsSettings, senderSettings } from './peers.ts';
import { alertSettings, resultSettings } from './results.ts';
import { ruleSettings } from './rules.ts';

/**
 * The files of the configuration folder and the top-level keys each is meant for. A key may stand in any of these
 * files but only in one, so that a small site can keep everything in node.yaml.
 */
export const configFiles = {
  'node.yaml': {
    about: 'who this node is, what it listens on, where it keeps things',
    settings: nodeSettings,
  },
  'senders.yaml': { about: 'who may send', settings: senderSettings },
  'pacs.yaml': { about: 'where results go', settings: pacsSettings },
  'rules.yaml': { about: 'which images are analysed', settings: ruleSettings },
  'results.yaml': { about: 'what is made of an analysis', settings: resultSettings },
  'alerts.yaml': { about: 'who is told when something needs a person', settings: alertSettings },
} as const;

/** Files that share the folder but have their own readers; the configuration loader leaves them alone. */
export const companionFiles: readonly string[] = ['codes.yaml'];

/** The whole configuration as one strict schema: unknown keys are faults at every level. */
export const nodeConfigSchema = z.strictObject({
  ...nodeSettings,
  ...senderSettings,
  ...pacsSettings,
  ...ruleSettings,
  ...resultSettings,
  ...alertSettings,
});

/** What the schema yields, before values that depend on one another are filled in. */
export type ParsedConfig = z.output<typeof nodeConfigSchema>;

/** The file that a top-level key is meant for. */
export function homeFileOf(key: string): string {
  const home = Object.entries(configFiles).find(([, file]) => Object.hasOwn(file.settings, key));
  return home?.[0] ?? 'node.yaml';
}
