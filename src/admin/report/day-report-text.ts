import type { Disposition, Outcome } from '../../core/outcome.ts';
import { type ReasonCode, reasonCatalogue } from '../../core/reasons.ts';
import { textTable } from '../../core/text-table.ts';
import type { SiteTime } from '../site-time.ts';
import { counted, hang } from '../text-layout.ts';

/** The books of one day, as the store closes them. */
export interface DayFacts {
  readonly fromMs: number;
  readonly toMs: number;
  readonly received: number;
  readonly dispositions: Readonly<Record<Disposition, number>>;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  readonly reasons: readonly {
    readonly disposition: Disposition;
    readonly code: ReasonCode;
    readonly count: number;
  }[];
  readonly duplicates: number;
  readonly refusedAtTheDoor: number;
  readonly reports: number;
  readonly deliveries: readonly DeliveryDayFacts[];
  readonly addsUp: boolean;
  /** Images of the day that are still in work, oldest first, a few of them. */
  readonly inWork: readonly { readonly sopInstanceUid: string; readonly receivedAtMs: number }[];
  readonly feedback: readonly {
    readonly modelSha256: string | null;
    readonly judgement: string;
    readonly count: number;
  }[];
}

export interface DeliveryDayFacts {
  readonly destination: string;
  readonly made: number;
  readonly stored: number;
  readonly committed: number;
  readonly waiting: number;
  readonly parked: number;
  readonly cancelled: number;
}

const lines: readonly (readonly [Disposition, string])[] = [
  ['analysed', 'analysed'],
  ['skipped', 'skipped'],
  ['held', 'held for an operator'],
  ['refused', 'refused by a gate'],
  ['failed', 'failed'],
  ['quarantined', 'set aside after the last attempt'],
  ['pending', 'still in work'],
];

/** `report day`: received equals the sum of every ending, or it says by how much it does not. */
export function dayReportText(facts: DayFacts, time: SiteTime): string {
  const hours = (facts.toMs - facts.fromMs) / 3_600_000;
  const dispositions = lines.flatMap(([disposition, words], index) =>
    endingText(facts, disposition, words, index === 0 ? '=' : '+'),
  );
  return [
    `Report of ${time.date(facts.fromMs)}, times ${time.zone}${hours === 24 ? '' : ` (a day of ${hours} hours)`}`,
    '',
    `Received ${counted(facts.received, 'image')}`,
    ...dispositions,
    ...facts.inWork.map(
      ({ sopInstanceUid, receivedAtMs }) => `           since ${time.clock(receivedAtMs)}  ${sopInstanceUid}`,
    ),
    hang('  ', sumText(facts)),
    '',
    hang(
      '',
      `Besides: ${counted(facts.duplicates, 'resend')} of known content, ${facts.refusedAtTheDoor} refused at the door, ${counted(facts.reports, 'report')} written.`,
    ),
    '',
    deliveriesText(facts.deliveries),
    ...feedbackText(facts.feedback),
    '',
  ].join('\n');
}

function endingText(facts: DayFacts, disposition: Disposition, words: string, sign: string): string[] {
  const count = facts.dispositions[disposition];
  if (count === 0 && disposition !== 'analysed') return [];
  const parts =
    disposition === 'analysed'
      ? Object.entries(facts.outcomes)
          .filter(([outcome]) => outcome !== 'NO_RESULT' && outcome !== 'FAILED')
          .map(([outcome, n]) => `${n} ${outcome.replace('_', ' ')}`)
      : facts.reasons
          .filter((reason) => reason.disposition === disposition)
          .map(({ code, count: n }) => `${n} ${code} ${reasonCatalogue[code].text}`);
  return [
    hang(
      `  ${sign} ${String(count).padStart(6)} `,
      `${words}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`,
    ),
  ];
}

function sumText({ received, dispositions, addsUp, deliveries }: DayFacts): string {
  const sum = Object.values(dispositions).reduce((total, count) => total + count, 0);
  if (addsUp) return 'It adds up.';
  const images =
    sum === received
      ? ''
      : `${received} were received, ${sum} are accounted for: ${Math.abs(received - sum)} differ. `;
  const results = deliveries
    .filter((row) => row.made !== deliverySum(row))
    .map((row) => `${row.destination}: ${row.made} made, ${deliverySum(row)} accounted for. `);
  return `IT DOES NOT ADD UP. ${images}${results.join('')}Keep the database as it is and report this: lumbar-node audit verify, lumbar-node doctor.`;
}

function deliverySum({ stored, committed, waiting, parked, cancelled }: DeliveryDayFacts): number {
  return stored + committed + waiting + parked + cancelled;
}

function deliveriesText(deliveries: readonly DeliveryDayFacts[]): string {
  if (deliveries.length === 0) return 'No result was made on this day.';
  return textTable(
    ['results made for', 'made', '= stored', '+ committed', '+ waiting', '+ parked', '+ given up'],
    deliveries.map((row) => [
      row.destination,
      ...[row.made, row.stored, row.committed, row.waiting, row.parked, row.cancelled].map(String),
    ]),
  );
}

/** How often readers agreed, per model; empty when nobody judged anything. */
function feedbackText(feedback: DayFacts['feedback']): string[] {
  if (feedback.length === 0) return [];
  const models = [...new Set(feedback.map(({ modelSha256 }) => modelSha256))];
  const count = (model: string | null, judgement: string): string =>
    String(feedback.find((row) => row.modelSha256 === model && row.judgement === judgement)?.count ?? 0);
  return [
    '',
    textTable(
      ['readers about model', 'agree', 'disagree', 'unsure'],
      models.map((model) => [
        model === null ? 'none' : model.slice(0, 8),
        count(model, 'agree'),
        count(model, 'disagree'),
        count(model, 'unsure'),
      ]),
    ),
  ];
}
