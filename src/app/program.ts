import { Command } from 'commander';
import { product } from './product.ts';
import { exitCodes } from './restart-policy.ts';
import { registerAudit } from './verbs/audit.ts';
import { registerAlert } from './verbs/alert.ts';
import { registerBackup } from './verbs/backup.ts';
import { registerCheck } from './verbs/check.ts';
import { registerCompletion } from './verbs/completion.ts';
import { registerConfig } from './verbs/config.ts';
import { registerDemo } from './verbs/demo.ts';
import { registerDoctor } from './verbs/doctor.ts';
import { registerEvaluate } from './verbs/evaluate.ts';
import { registerExplain } from './verbs/explain.ts';
import { registerFeedback } from './verbs/feedback.ts';
import { registerInit } from './verbs/init.ts';
import { registerModel } from './verbs/model.ts';
import { registerPreprocess } from './verbs/preprocess.ts';
import { registerQueue } from './verbs/queue.ts';
import { registerReport } from './verbs/report.ts';
import { registerReprocess } from './verbs/reprocess.ts';
import { registerRetention } from './verbs/retention.ts';
import { registerReload } from './verbs/reload.ts';
import { registerSimulate } from './verbs/simulate.ts';
import { registerStart } from './verbs/start.ts';
import { registerStatus } from './verbs/status.ts';
import { registerEcho } from './verbs/echo.ts';
import { registerSend } from './verbs/send.ts';
import { registerSendTest } from './verbs/send-test.ts';
import { registerSink } from './verbs/sink.ts';
import { registerTestRule } from './verbs/test-rule.ts';
import { registerUpgrade } from './verbs/upgrade.ts';
import type { RegisterVerb, VerbContext } from './verbs/verb.ts';

const defaultConfigFolder = 'config';

/** In the order of `--help`: running the node, then looking at it, then models and trials. */
const verbs: readonly RegisterVerb[] = [
  registerStart,
  registerInit,
  registerCheck,
  registerConfig,
  registerDoctor,
  registerStatus,
  registerExplain,
  registerTestRule,
  registerReload,
  registerQueue,
  registerAudit,
  registerReport,
  registerReprocess,
  registerFeedback,
  registerRetention,
  registerBackup,
  registerUpgrade,
  registerAlert,
  registerEcho,
  registerSend,
  registerSendTest,
  registerDemo,
  registerSimulate,
  registerSink,
  registerPreprocess,
  registerEvaluate,
  registerModel,
  registerCompletion,
];

/** The command line. Each verb loads its own modules, so that `--help` answers at once. */
export function buildProgram(exit: (code: number) => void): Command {
  const program = new Command('lumbar-node')
    .description('A DICOM AI node for lumbar-spine radiographs. Research use only; not a diagnosis.')
    .version(product.version)
    .option(
      '-c, --config <folder>',
      'configuration folder',
      process.env['LUMBAR_CONFIG'] ?? defaultConfigFolder,
    )
    .showHelpAfterError()
    // Verbs inherit this: whatever commander itself finds wrong is wrong usage; help and version are not.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.usage));
  const context: VerbContext = {
    configFolder: () => program.opts<{ config: string }>().config,
    exit,
  };
  for (const register of verbs) register(program, context);
  return program;
}
