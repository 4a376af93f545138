import { countFindings, doctorText } from '../../admin/doctor/finding.ts';
import { hostClock } from '../../store/store.ts';
import { exitCodes } from '../restart-policy.ts';
import { UsageError } from '../usage-error.ts';
import { assertWritable, bundleFiles, bundleList, writeBundle } from './bundle.ts';
import { examine } from './examine.ts';

export interface DoctorOptions {
  readonly format: 'text' | 'json';
  /** Where the support bundle goes; absent: none is written. */
  readonly bundle?: string | undefined;
  /** A log of the node that the bundle quotes. */
  readonly log?: string | undefined;
}

/** Where the outputs go: the answer itself, and what accompanies it. */
export interface DoctorOutput {
  readonly answer: (text: string) => void;
  readonly notice: (text: string) => void;
}

/** The whole `doctor` command except for leaving; resolves with the exit code. */
export async function doctorVerb(
  configFolder: string,
  { format, bundle, log }: DoctorOptions,
  { answer, notice }: DoctorOutput,
): Promise<number> {
  try {
    if (bundle !== undefined) assertWritable(bundle, log);
    else if (log !== undefined)
      throw new UsageError('--log names what goes into a bundle: it needs --bundle');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    notice(`${error.message}\n`);
    return exitCodes.usage;
  }
  const findings = await examine(configFolder, hostClock.nowMs());
  const counts = countFindings(findings);
  answer(
    format === 'json'
      ? `${JSON.stringify({ schema: 1, ...counts, findings }, undefined, 2)}\n`
      : doctorText(findings),
  );
  if (bundle !== undefined) {
    const files = await bundleFiles(configFolder, findings, log);
    notice(bundleList(bundle, files));
    notice(
      `Written: ${bundle} (${await writeBundle(bundle, files)} bytes). Look into it before you send it.\n`,
    );
  }
  return counts.fail === 0 ? exitCodes.ok : exitCodes.failed;
}
