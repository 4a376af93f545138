#!/usr/bin/env node
import { exitCodeOf } from './app/fail-stop.ts';
import { buildProgram } from './app/program.ts';
import { asNodeError } from './core/errors.ts';
import { refuseRuntimeTelemetry } from './pipeline/runtime-telemetry.ts';

const exit = (code: number): void => {
  process.exitCode = code;
};

refuseRuntimeTelemetry();
try {
  await buildProgram(exit).parseAsync(process.argv);
} catch (error) {
  const fault = asNodeError(error);
  process.stderr.write(`${fault.code}: ${fault.message}\n`);
  if (fault.code === 'BUG_INVARIANT' && fault.stack !== undefined) process.stderr.write(`${fault.stack}\n`);
  process.exitCode = exitCodeOf(fault);
}
// Sessions and timers of finished commands must not keep the terminal waiting.
process.exit();
