/**
 * Tells ONNX Runtime not to report to its maker. Since 1.29 its Linux builds send names, hashes and timings of models
 * to a collector on the internet, and keep a device identifier in the user's home, unless this variable stands in the
 * environment of the process before the first session. A worker thread only has a copy of the environment: call it in
 * the main thread, before threads and child processes are started, which inherit it.
 */
export function refuseRuntimeTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
}
