import { type Command, InvalidArgumentError, Option } from 'commander';
import { auditFormats, type AuditFormat } from '../../admin/audit/audit-text.ts';
import { isTimeZone } from '../../core/time-zone.ts';
import type { WrittenAuditFilter } from '../audit-filter.ts';
import type { RegisterVerb } from './verb.ts';
import { wholeNumber } from './whole-number.ts';

interface ReadingOptions extends WrittenAuditFilter {
  readonly format: AuditFormat;
  readonly json?: true;
  readonly tz?: string;
}

/** `audit`: the trail of everything that happened; reading it is recorded in it. */
export const registerAudit: RegisterVerb = (program, { configFolder, exit }) => {
  const audit = program.command('audit').description('the audit trail: search, follow, export, prove');
  const print = (text: string): void => void process.stdout.write(text);

  filtered(audit.command('query').description('rows that match, newest first; the reading is recorded'))
    .option('--limit <count>', 'rows shown', wholeNumber, 100)
    .action(async ({ limit, ...options }: ReadingOptions & { limit: number }) => {
      const { queryAudit } = await import('../audit-verb.ts');
      exit(await queryAudit(configFolder(), { ...readingOf(options), limit }, print));
    });

  formatted(audit.command('tail').description('the newest rows; the reading is recorded'))
    .option('-n, --lines <count>', 'rows shown', wholeNumber, 20)
    .option('-f, --follow', 'go on until interrupted')
    .action(async ({ lines, follow, ...options }: ReadingOptions & { lines: number; follow?: true }) => {
      const { tailAudit } = await import('../audit-verb.ts');
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      const { filter: _none, ...reading } = readingOf(options);
      const how = follow ? { ...reading, count: lines, follow: stop.signal } : { ...reading, count: lines };
      exit(await tailAudit(configFolder(), how, print));
    });

  filtered(audit.command('export').description('every row that matches, into a new file; recorded'))
    .requiredOption('-o, --out <file>', 'new file, readable by its owner alone')
    .action(async ({ out, ...options }: ReadingOptions & { out: string }) => {
      const { exportAudit } = await import('../audit-verb.ts');
      const { format, ...reading } = readingOf(options);
      const written = format === 'table' ? 'csv' : format;
      exit(await exportAudit(configFolder(), { ...reading, format: written, file: out }, print));
    });

  audit
    .command('verify')
    .description('recompute the hash chain and name the first row that was changed (exit code 1)')
    .option('--anchor <line>', 'a line that an earlier verify or export printed')
    .option('--json', 'machine-readable')
    .action(async ({ anchor, json }: { anchor?: string; json?: true }) => {
      const { parseAnchor, verifyAudit } = await import('../audit-verb.ts');
      const known = anchor === undefined ? undefined : parseAnchor(anchor);
      if (anchor !== undefined && known === undefined)
        audit.error('error: an anchor is a line such as 1234:9f86d0... as verify printed it', {
          exitCode: 2,
        });
      const format = json ? 'json' : 'text';
      exit(
        await verifyAudit(
          configFolder(),
          known === undefined ? { format } : { format, anchor: known },
          print,
        ),
      );
    });
};

function formatted(command: Command): Command {
  return command
    .addOption(new Option('--format <format>', 'how rows are written').choices(auditFormats).default('table'))
    .option('--json', 'the same as --format jsonl')
    .option('--tz <zone>', 'IANA time zone instead of that of the site', knownZone);
}

function filtered(command: Command): Command {
  return formatted(command)
    .option('--accession <number>', 'of studies with this accession number')
    .option('--since <time>', 'from then on: 2026-11-23, "2026-11-23 14:05", 14:05, 2h, 3d')
    .option('--until <time>', 'before then, written the same way')
    .option('--sender <aeTitle>', 'from this calling AE title')
    .option('--outcome <outcome>', 'SUSPECTED, NOT_DETECTED, INDETERMINATE, NO_RESULT, FAILED')
    .option('--reason <code>', 'with this reason code, such as S02')
    .option('--peer <name>', 'about this destination')
    .option('--event <name>', 'only this event, such as OBJECT_PARKED')
    .option('--uid <sopInstanceUid>', 'about this image or result');
}

function readingOf({ format, json, tz, ...filter }: ReadingOptions) {
  return {
    filter,
    format: json ? ('jsonl' as const) : format,
    ...(tz === undefined ? {} : { timeZone: tz }),
  };
}

function knownZone(text: string): string {
  if (!isTimeZone(text))
    throw new InvalidArgumentError('an IANA zone is needed, such as Europe/Zurich or UTC');
  return text;
}
