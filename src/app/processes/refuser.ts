/**
 * Entry of the process that stands in for the listener while the disk cannot be trusted: it rejects every association
 * transiently. It opens no database and writes nothing. Argument: descriptor of an already listening socket.
 */
import { asNodeError } from '../../core/errors.ts';
import { startRefusingListener } from '../../scp/refusing-listener.ts';
import { openChildChannel, receiveOrder } from '../child-channel.ts';
import { exitCodeOf } from '../fail-stop.ts';
import { listenerOptions } from '../listener-options.ts';
import { inheritedDescriptor } from '../socket-activation.ts';

try {
  const [descriptor] = process.argv.slice(2);
  const { loaded } = await receiveOrder();
  const drained = Promise.withResolvers<undefined>();
  const channel = openChildChannel({
    wake: () => undefined,
    drain: () => drained.resolve(undefined),
    reload: () => undefined,
  });
  const { host, port, tls } = listenerOptions(loaded.config, '');
  const listener = await startRefusingListener({
    host,
    port,
    ...inheritedDescriptor(descriptor),
    ...(tls === undefined ? {} : { tls }),
  });
  channel.tell({ kind: 'ready', port: listener.port });
  await drained.promise;
  await listener.close();
  process.exit(0);
} catch (error) {
  const fault = asNodeError(error);
  process.stderr.write(`refuser: ${fault.code}: ${fault.message}\n`);
  process.exit(exitCodeOf(fault));
}
