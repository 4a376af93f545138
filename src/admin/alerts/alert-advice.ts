import { kindOf } from './conditions.ts';

/** What a person does about each kind of alert, whoever raised it; docs/monitoring.md repeats this table. */
const adviceByKind: Readonly<Record<string, string>> = {
  refusing:
    'Check that the PACS is up and knows this node: lumbar-node doctor. Nothing is lost; results wait.',
  rejected: 'The PACS does not know this node: compare AE titles and addresses in pacs.yaml with the PACS.',
  parked: 'The PACS refused a result for good: lumbar-node queue list --failed says which and why.',
  'commitment-failed':
    'The PACS does not have what it had taken: lumbar-node explain the study, then send it again.',
  'no-commitment': 'The PACS offers no storage commitment: switch it on there or off in pacs.yaml.',
  'old-item': 'lumbar-node status says what waits; lumbar-node doctor says why.',
  silent: 'Check the send queue of the modality and the network. A holiday explains it too.',
  'positive-rate':
    'Look at the last suspected images in the console. A new room, protocol or detector changes this.',
  drift: 'Look at the Senders page of the console. A new protocol, detector or software changes this.',
  'audit-broken':
    'Somebody or something changed the audit trail: keep a copy of the data folder and call for help.',
  certificate: 'Put a new certificate in its place, then: lumbar-node reload.',
  'backup-old': 'Look for BACKUP_FAILED in the log and at the free space of the backup folder.',
  'process-down': 'journalctl -u lumbar-node says why it ends.',
  'model-refused':
    'No image is analysed; received images wait. lumbar-node doctor says what is wrong with the model.',
  'model-changed': 'The model file was replaced while the node runs. Restore it or activate the new package.',
};

const generalAdvice = 'lumbar-node status and lumbar-node doctor say more.';

export function alertAdvice(cause: string): string {
  return adviceByKind[kindOf(cause)] ?? generalAdvice;
}

/** Kinds with advice of their own, for the test of the documentation. */
export const advisedKinds: readonly string[] = Object.keys(adviceByKind);
