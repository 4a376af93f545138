import { reasonCatalogue } from '../../core/reasons.ts';
import type { ViewDecision } from './decision.ts';
import type { Evidence } from './evidence.ts';

const rankNames: Readonly<Record<Evidence['rank'], string>> = {
  1: 'coded value',
  2: 'defined term',
  3: 'image or series text',
  4: 'geometry',
  5: 'study text (never decides alone)',
};
const verdictSentences = {
  include: 'INCLUDE: this image would be analysed.',
  exclude: 'EXCLUDE: this image would be skipped; it stays stored until its retention time.',
  unknown: 'UNKNOWN: this image would be held for an operator.',
} as const;
const answers = { Y: 'yes', N: 'no', U: 'unknown' } as const;

/** What `test-rule` prints: the verdict, why, and which attribute said what. The image itself is not changed. */
export function explainDecision(decision: ViewDecision): string {
  const lines: string[] = [verdictSentences[decision.verdict]];
  for (const { code, detail } of decision.reasons)
    lines.push(`  ${code} ${reasonCatalogue[code].text}: ${detail}`);
  lines.push(
    '',
    `  lumbar spine  ${answers[decision.region]}`,
    `  lateral view  ${answers[decision.view]}`,
    `  dynamic       ${decision.dynamic?.toLowerCase() ?? 'unknown'}`,
  );
  lines.push('', 'What the header says:');
  if (decision.evidence.votes.length === 0) lines.push('  nothing about region or view');
  for (const vote of decision.evidence.votes) lines.push(`  ${voteText(vote)}`);
  for (const step of decision.evidence.steps) lines.push(`  rule: ${step}`);
  lines.push('', 'Attributes:');
  for (const [keyword, value] of Object.entries(decision.evidence.attributes))
    if (value !== '') lines.push(`  ${keyword.padEnd(38)} ${value}`);
  lines.push('', `Rules ${decision.ruleVersion}.`, '');
  return lines.join('\n');
}

function voteText({ rank, dimension, attribute, seen, vote, source }: Evidence): string {
  const said = vote === 'Y' || vote === 'N' || vote === 'U' ? answers[vote] : vote.toLowerCase();
  const by = source === 'site dictionary' ? 'site dictionary' : rankNames[rank];
  return `${dimension.padEnd(7)} ${said.padEnd(9)} ${attribute}: ${seen} [${by}]`;
}
