import { sha256Hex } from '../../core/identifiers.ts';
import type { ModelManifest } from '../../pipeline/model-package.ts';

/** A component of a CycloneDX 1.5 bill of materials; only the members that are written here. */
export interface Component {
  readonly 'bom-ref': string;
  readonly type: 'library' | 'file' | 'machine-learning-model' | 'platform';
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly unknown[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** What `npm sbom` wrote, or what is written here. */
export interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly Component[];
}

/** What npm does not know about. */
export interface Additions {
  /** Compiled code inside the packages, by its path below node_modules. */
  readonly nativeFiles: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  /** Libraries linked into that code, with the component that brings them. */
  readonly linked: readonly { readonly name: string; readonly version: string; readonly within: string }[];
  readonly models: readonly ModelManifest[];
}

/** The bill of npm, completed; sorted, so that two runs on one installation differ in nothing but their time. */
export function completeBill(bill: Bill, { nativeFiles, linked, models }: Additions): Bill {
  const added: Component[] = [
    ...nativeFiles.map(({ path, bytes }) => ({
      'bom-ref': `file:${path}`,
      type: 'file' as const,
      name: path,
      description: 'compiled code, loaded at run time',
      hashes: [{ alg: 'SHA-256', content: sha256Hex(bytes) }],
    })),
    ...linked.map(({ name, version, within }) => ({
      'bom-ref': `linked:${within}/${name}@${version}`,
      type: 'library' as const,
      name,
      version,
      properties: [{ name: 'lumbar:linkedInto', value: within }],
    })),
    ...models.map((model) => ({
      'bom-ref': `model:${model.id}@${model.version}`,
      type: 'machine-learning-model' as const,
      name: model.id,
      version: model.version,
      description: `${model.name}. ${model.trainingData.statement} Clinical use: ${model.clinicalUse ? 'yes' : 'no'}.`,
      hashes: [{ alg: 'SHA-256', content: model.sha256 }],
      licenses: [{ license: { name: model.licence } }],
    })),
  ].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  return { ...bill, components: [...bill.components, ...added] };
}
