import { type Reason, reasonCatalogue } from '../core/reasons.ts';
import { hang, printable } from './text-layout.ts';

/** What would become of an image if a sender sent it now. */
export interface RuleEffect {
  /** Undefined when the file could not be read so far. */
  readonly sopClass: string | undefined;
  /** Whether the listener takes this kind of object at all. */
  readonly taken: boolean;
  readonly disposition: 'analysed' | 'skipped' | 'held' | 'refused' | 'no result';
  readonly reasons: readonly Reason[];
  /** What could not be tried here, with the cause. */
  readonly notLookedAt?: string;
  /** Names of the destinations that are on. */
  readonly destinations: readonly string[];
}

const nothingSent = 'Nothing is sent, by design.';

/** The last part of what `test-rule` prints. */
export function ruleEffectText(effect: RuleEffect): string {
  const lines = ['What would happen (nothing was changed):'];
  if (effect.sopClass !== undefined && !effect.taken)
    lines.push(
      hang(
        '  ',
        `The listener does not take ${printable(effect.sopClass)}: a sender is refused this kind of object, so that it never gets as far as the rules.`,
      ),
    );
  lines.push(hang('  ', dispositionText(effect)));
  for (const { code, detail } of effect.reasons)
    lines.push(hang(`    ${code} `, `${reasonCatalogue[code].text}: ${printable(detail)}`));
  if (effect.notLookedAt !== undefined) lines.push(hang('  ', `Not looked at: ${effect.notLookedAt}.`));
  return `${lines.join('\n')}\n`;
}

function dispositionText({ disposition, destinations, notLookedAt }: RuleEffect): string {
  switch (disposition) {
    case 'analysed': {
      const where =
        destinations.length === 0 ? 'no destination is on' : `results go to ${destinations.join(', ')}`;
      const gate = notLookedAt === undefined ? 'It passes the checks before the model. ' : '';
      return `ANALYSED: ${where}. ${gate}The model may still give no result for an image unlike those it knows.`;
    }
    case 'skipped':
      return `SKIPPED. ${nothingSent}`;
    case 'held':
      return `HELD until an operator decides: lumbar-node queue release, or lumbar-node queue dismiss. Nothing is sent before.`;
    case 'refused':
      return `REFUSED: the file cannot be processed. ${nothingSent}`;
    case 'no result':
      return 'NO RESULT: it is in scope, but no model looks at it; the report of its study says so.';
  }
}
