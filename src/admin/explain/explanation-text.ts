import type { SiteTime } from '../site-time.ts';
import { hang } from '../text-layout.ts';
import type { ExplainedImage, ExplainedLine, ExplainedReport, Explanation } from './explanation.ts';

/** An explanation as the terminal shows it: at most 100 columns, no control characters, ends with a line feed. */
export function explanationText(explanation: Explanation, time: SiteTime): string {
  const { title, summary, images, reports, study, next, studyInstanceUid } = explanation;
  // The same advice for a capture and its report is read once.
  const given = new Set<string>();
  const once = (advice: readonly string[]): string[] =>
    advice.flatMap((text) => {
      if (given.has(text)) return [];
      given.add(text);
      return [hang('      Do: ', text)];
    });
  return [
    hang('', title),
    hang('  ', summary),
    `  ${studyInstanceUid}`,
    '',
    ...images.flatMap((image) => imageText(image, time, once)),
    ...reports.flatMap((report) => reportText(report, time, once)),
    ...linesText(study, time),
    ...once(next),
    '',
  ].join('\n');
}

type Once = (advice: readonly string[]) => string[];

function imageText(
  { number, place, view, verdict, sopInstanceUid, lines, next }: ExplainedImage,
  time: SiteTime,
  once: Once,
): string[] {
  const where = [place, view].filter((part) => part !== '').join('  ');
  return [
    hang(`${String(number).padStart(2)}  `, `${where === '' ? '' : `${where}   `}${verdict}`),
    `      ${sopInstanceUid}`,
    ...linesText(lines, time),
    ...once(next),
    '',
  ];
}

function reportText({ title, lines, next }: ExplainedReport, time: SiteTime, once: Once): string[] {
  return [hang(' R  ', title), ...linesText(lines, time), ...once(next), ''];
}

const topicWidth = 10;

function linesText(lines: readonly ExplainedLine[], time: SiteTime): string[] {
  return lines.map(({ atMs, topic, text }) => {
    const clock = atMs === null ? ' '.repeat(12) : time.exactClock(atMs);
    return hang(`      ${clock}  ${topic.padEnd(topicWidth)} `, text);
  });
}
