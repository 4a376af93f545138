/** First descriptor that a service manager hands over (sd_listen_fds(3)). */
const firstDescriptor = 3;

/**
 * The listening socket that systemd opened for this process, as its descriptor, or undefined without socket activation.
 * Connections that arrive while the node restarts wait in that socket's backlog instead of being refused. Only the
 * process that the variables name may use it; of several sockets the one called `dicom` is taken, else the first.
 */
export function activatedSocket(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined {
  const count = Number(environment['LISTEN_FDS'] ?? '');
  if (!Number.isInteger(count) || count < 1 || environment['LISTEN_PID'] !== String(pid)) return undefined;
  const names = (environment['LISTEN_FDNAMES'] ?? '').split(':').slice(0, count);
  return firstDescriptor + Math.max(0, names.indexOf('dicom'));
}

/** The listener's options for the descriptor that the supervisor passed on as an argument, if it passed one. */
export function inheritedDescriptor(argument: string | undefined): { readonly fd?: number } {
  return argument === undefined ? {} : { fd: Number(argument) };
}
