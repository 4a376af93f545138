import type { ActivateOptions } from '../model/model-verbs.ts';
import { commandFault } from '../usage-error.ts';
import type { RegisterVerb } from './verb.ts';

const providers = ['cuda', 'webgpu', 'cpu'] as const;

interface Json {
  readonly json?: true;
}

/** `model`: what is installed, what a file is, whether it holds here, and which one runs. */
export const registerModel: RegisterVerb = (program, { configFolder, exit }) => {
  const model = program
    .command('model')
    .description('model packages: list, inspect, verify, activate, rollback');
  const format = ({ json }: Json): 'json' | 'text' => (json === true ? 'json' : 'text');

  model
    .command('list')
    .description('the packages in the model folder and the one that runs')
    .option('--json', 'machine-readable')
    .action(async (options: Json) => {
      const { modelListVerb } = await import('../model/model-verbs.ts');
      exit(await modelListVerb(configFolder(), format(options)).catch(commandFault));
    });

  model
    .command('inspect')
    .description('inputs, outputs, opset and metadata of an .onnx file or package')
    .argument('<path>', '.onnx file or package folder')
    .option('--draft <file>', 'also write a manifest to be completed; never overwrites')
    .option('--json', 'machine-readable')
    .action(async (path: string, options: Json & { readonly draft?: string }) => {
      const { inspectModel, inspectionText, writeManifestDraft } = await import('../model/inspect-model.ts');
      try {
        const inspection = inspectModel(path);
        if (options.draft !== undefined) writeManifestDraft(inspection, options.draft);
        const json = options.json === true;
        process.stdout.write(`${json ? JSON.stringify(inspection, null, 2) : inspectionText(inspection)}\n`);
      } catch (error) {
        exit(commandFault(error));
      }
    });

  model
    .command('verify')
    .description('hash, shapes, golden answers on this machine, result objects: may this package run here?')
    .argument('<package>', 'folder or name')
    .option('--provider <names...>', 'cuda, webgpu, cpu: the first that works', ['cpu'])
    .option('--json', 'machine-readable')
    .action(async (named: string, options: Json & { readonly provider: readonly string[] }) => {
      const { modelVerifyVerb } = await import('../model/model-verbs.ts');
      const asked = providers.filter((name) => options.provider.includes(name));
      exit(
        await modelVerifyVerb(named, {
          options: { providers: asked.length === 0 ? ['cpu'] : asked, threads: 0 },
          format: format(options),
        }).catch(commandFault),
      );
    });

  model
    .command('activate')
    .description('run this package from the next start; needs a passed verification and an evaluation')
    .argument('<package>', 'folder or name')
    .option('--evaluation <metrics.json>', 'of `evaluate`; absent: <package>/evaluation/metrics.json')
    .option('--force', 'although there is no passing evaluation; needs --reason')
    .option('--reason <text>', 'why, for the audit')
    .action(async (named: string, options: ActivateOptions) => {
      const { modelActivateVerb } = await import('../model/model-verbs.ts');
      exit(await modelActivateVerb(configFolder(), named, options).catch(commandFault));
    });

  model
    .command('rollback')
    .description('back to the package that was active before')
    .option('--reason <text>', 'why, for the audit')
    .action(async ({ reason }: { readonly reason?: string }) => {
      const { modelRollbackVerb } = await import('../model/model-verbs.ts');
      exit(await modelRollbackVerb(configFolder(), reason).catch(commandFault));
    });
};
