import { Argument } from 'commander';
import type { Judgement } from '../../store/feedback.ts';
import type { RegisterVerb } from './verb.ts';

interface FeedbackOptions {
  readonly class?: string;
  readonly comment?: string;
  readonly reader?: string;
}

/** `feedback`: what a reader thinks of a result. */
export const registerFeedback: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('feedback')
    .description('keep what a reader thinks of a result; explain and report day show it')
    .argument('<uid>', 'SOP Instance UID of the image, or of its picture in the PACS')
    .addArgument(
      new Argument('<judgement>', 'what the reader thinks').choices(['agree', 'disagree', 'unsure']),
    )
    .option('--class <id>', 'the class that the reader would have given')
    .option('--comment <text>', 'a remark; name no patient in it')
    .option('--reader <name>', 'who judged, when it is not the one at the keyboard')
    .action(async (uid: string, judgement: Judgement, options: FeedbackOptions) => {
      const { giveFeedback } = await import('../feedback-verb.ts');
      const { comment, reader } = options;
      const { exitCode, text } = await giveFeedback(configFolder(), {
        uid,
        judgement,
        ...(options.class === undefined ? {} : { readerClass: options.class }),
        ...(comment === undefined ? {} : { comment }),
        ...(reader === undefined ? {} : { reader }),
      });
      process.stdout.write(text);
      exit(exitCode);
    });
};
