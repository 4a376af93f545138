import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeReleaseRequest } from '../../src/upper-layer/pdu.ts';
import { sharedDataPath } from '../../tests/support/shared-data.ts';
import type { TestImage } from './images.ts';
import { echoBytes, requestBytes, storeBytes } from './raw-peer.ts';

/** Whole conversations that the node accepts, and the hostile streams of shared/data/net made by others. */
export function streamSeeds(image: TestImage): Buffer[] {
  const small = { ...image, dataSet: image.dataSet.subarray(0, 3000) };
  const good = [
    Buffer.concat([requestBytes(), echoBytes(), encodeReleaseRequest()]),
    Buffer.concat([requestBytes(), storeBytes(small, 700), encodeReleaseRequest()]),
    Buffer.concat([requestBytes(), storeBytes(small), storeBytes(small)]),
    requestBytes(),
  ];
  const folder = sharedDataPath('net');
  const foreign = existsSync(folder)
    ? readdirSync(folder).map((name) => readFileSync(join(folder, name)))
    : [];
  // Most requests of others name AE titles that the node refuses; behind our own request their later PDUs are reached.
  return [...good, ...foreign, ...foreign.map((bytes) => Buffer.concat([requestBytes(), bytes]))];
}
