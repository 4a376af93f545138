import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ModelConfig } from '../../core/config/index.ts';
import { sha256Hex } from '../../core/identifiers.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { StoredMetrics } from '../../evaluation/compare.ts';
import { readInside } from '../../pipeline/model-package.ts';
import { packageFolder } from '../model-selection.ts';
import type { Verification } from './verify-model.ts';

/** A package that lies where the node looks for it. */
export interface InstalledPackage {
  readonly folder: string;
  /** Name of the folder: what the configuration and the database call the model. */
  readonly name: string;
}

/** Finds the package by folder or name and holds it against the configuration; an error is a sentence for people. */
export function installedPackage(named: string, config: ModelConfig): Result<InstalledPackage, string> {
  if (config.id !== undefined)
    return err(
      `the configuration sets model.id: ${config.id}, which counts before any activation; remove it, or set it to the model you want`,
    );
  const folder = packageFolder(named, config.folder);
  if (!existsSync(join(folder, 'manifest.json')))
    return err(`${folder} is no model package: it has no manifest.json`);
  // The package itself may be a link to where the packages are kept; the node finds it by its name in the folder.
  const place = resolve(folder);
  if (!existsSync(config.folder) || realpathSync(dirname(place)) !== realpathSync(config.folder))
    return err(`the node looks for models in ${config.folder}; copy ${folder} there first`);
  return ok({ folder: place, name: basename(place) });
}

export interface ActivationFacts {
  readonly verification: Verification;
  readonly manifestSha256: string;
  /** Undefined when no evaluation was named or found. */
  readonly evaluation: StoredMetrics | undefined;
}

/** What speaks against running this model; empty when nothing does. `verify` can never be overridden. */
export function activationObjections({ verification, manifestSha256, evaluation }: ActivationFacts): {
  readonly fatal: readonly string[];
  readonly forceable: readonly string[];
} {
  const fatal = verification.passed
    ? []
    : verification.checks.filter((check) => !check.ok).map(({ name, evidence }) => `${name}: ${evidence}`);
  if (evaluation === undefined)
    return {
      fatal,
      forceable: ['there is no evaluation: run `evaluate` and name its metrics.json with --evaluation'],
    };
  const unmet = evaluation.acceptance.filter(({ met }) => !met).map(({ name }) => name);
  const forceable = [
    ...(evaluation.model.sha256 === verification.model?.sha256
      ? []
      : ['the evaluation is of another model file (its SHA-256 differs)']),
    ...(evaluation.model.manifestSha256 === manifestSha256
      ? []
      : [
          'the manifest was changed after the evaluation (thresholds and calibration are part of what was measured)',
        ]),
    ...(evaluation.complete ? [] : ['the evaluation was stopped before its end']),
    ...(unmet.length === 0 ? [] : [`the evaluation misses acceptance limits: ${unmet.join(', ')}`]),
  ];
  return { fatal, forceable };
}

/** SHA-256 of a package's manifest.json as it lies there. */
export function manifestSha256(folder: string): string {
  const text = readInside(folder, 'manifest.json');
  if (!text.ok) throw text.error;
  return sha256Hex(text.value);
}
