import { createConnection } from 'node:net';
import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type {
  ConfigurationAnswer,
  ControlAnswer,
  ControlRequest,
  DifferenceAnswer,
  NodeStatus,
  ReloadAnswer,
} from './control-protocol.ts';
import { controlPath, withSocketPath } from './control-socket.ts';

/** Why a running node gave no answer. `absent`: none runs on this data folder. */
export type ControlFailure =
  | { readonly kind: 'absent'; readonly text: string }
  | { readonly kind: 'forbidden'; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string };

const connectMs = 2_000;
const answerMs = 60_000;

/** Asks the node that runs on a data folder for its state. */
export async function askStatus(dataFolder: string): Promise<Result<NodeStatus, ControlFailure>> {
  return (await ask(dataFolder, { verb: 'status' })) as Result<NodeStatus, ControlFailure>;
}

/** What a reload would change in the running node. */
export async function askDifference(dataFolder: string): Promise<Result<DifferenceAnswer, ControlFailure>> {
  return (await ask(dataFolder, { verb: 'difference' })) as Result<DifferenceAnswer, ControlFailure>;
}

/** The configuration that the running node works by, secrets masked. */
export async function askConfiguration(
  dataFolder: string,
): Promise<Result<ConfigurationAnswer, ControlFailure>> {
  return (await ask(dataFolder, { verb: 'configuration' })) as Result<ConfigurationAnswer, ControlFailure>;
}

/** Has the running node read its configuration folder again. */
export async function askReload(
  dataFolder: string,
  operator: string,
): Promise<Result<ReloadAnswer, ControlFailure>> {
  return (await ask(dataFolder, { verb: 'reload', operator })) as Result<ReloadAnswer, ControlFailure>;
}

/**
 * Tells the running node that there may be new work in its database; without a running node there is nobody to
 * tell, and the work is found at the next start. False when nobody was told.
 */
export async function wakeNode(dataFolder: string, operator: string): Promise<boolean> {
  return (await ask(dataFolder, { verb: 'wake', operator })).ok;
}

/** Has one process of the running node start anew after its current work, for what it reads only at its start. */
export async function recycleProcess(
  dataFolder: string,
  process: string,
  operator: string,
): Promise<Result<unknown, ControlFailure>> {
  return await ask(dataFolder, { verb: 'recycle', process, operator });
}

async function ask(dataFolder: string, request: ControlRequest): Promise<Result<unknown, ControlFailure>> {
  try {
    const line = await withSocketPath(dataFolder, (path) => exchange(path, `${JSON.stringify(request)}\n`));
    const answer = JSON.parse(line) as ControlAnswer;
    return answer.ok ? ok(answer.value) : err({ kind: 'refused', text: answer.refused });
  } catch (cause) {
    return err(failureOf(cause, dataFolder));
  }
}

function exchange(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = createConnection(path, () => {
      socket.setTimeout(answerMs);
      socket.write(line);
    });
    socket.setEncoding('utf8');
    socket.setTimeout(connectMs, () => {
      socket.destroy();
      reject(new NodeError('SCU_TIMEOUT', 'the node did not answer on its control socket'));
    });
    socket.on('error', reject);
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (!answer.includes('\n')) return;
      socket.destroy();
      resolve(answer);
    });
    socket.on('end', () => reject(new NodeError('SCU_ABORTED', 'the node closed its control socket')));
  });
}

function failureOf(cause: unknown, dataFolder: string): ControlFailure {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const path = controlPath(dataFolder);
  if (code === 'EACCES' || code === 'EPERM')
    return { kind: 'forbidden', text: `this user may not talk to the node (${path}); use sudo` };
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR')
    return { kind: 'absent', text: `no node is running on ${dataFolder}` };
  return { kind: 'refused', text: cause instanceof Error ? cause.message : String(cause) };
}
