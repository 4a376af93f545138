import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { peer } from '../../support/peer.ts';
import { producedObjects } from './produced-objects.ts';

const objects = producedObjects();
let folder = '';
const fileOf = (name: string): string => join(folder, `${name}.dcm`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'result-objects-'));
  for (const { name, bytes } of objects) writeFileSync(fileOf(name), bytes);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Warnings of dicom3tools 20220618 that are accepted: the private scheme is unavoidable, Device UID in Contributing
 * Equipment is newer than that release, and the third value of a parametric map's Image Type has no term for a CAM.
 */
const acceptedWarnings = [
  /Unrecognized defined term = <99LSPINE>$/,
  /ContributingEquipmentSequence\(0018,a001\)\[1\]\/DeviceUID\(0018,1002\)> - Attribute is not present in standard DICOM IOD$/,
  /(ImageType\(0008,0008\)|FrameType\(0008,9007\))\[3\]> - Unrecognized defined term = <OTHER>$/,
];

const dciodvfy = peer('dciodvfy');
const dsrdump = peer('dsrdump');
const dcmdump = peer('dcmdump');

describe.skipIf(dciodvfy === undefined)('dciodvfy', () => {
  test.each(objects.map(({ name }) => name))('finds no error and no new warning in %s', (name) => {
    const { stdout, stderr, status } = spawnSync(dciodvfy!, ['-new', fileOf(name)], { encoding: 'utf8' });
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => /^(Error|Warning|Abort)/.test(line));
    expect(lines.filter((line) => !acceptedWarnings.some((accepted) => accepted.test(line)))).toEqual([]);
    expect(status).toBe(0);
  });
});

describe.skipIf(dsrdump === undefined)('dsrdump', () => {
  test.each(objects.filter(({ kind }) => kind === 'sr').map(({ name }) => name))(
    'reads %s without complaint',
    (name) => {
      const { stderr, status } = spawnSync(dsrdump!, ['+Pn', fileOf(name)], { encoding: 'utf8' });
      const complaints = stderr
        .split('\n')
        .filter((line) => /^[EFW]:/.test(line) && !line.includes('VR checker'));
      expect([status, complaints]).toEqual([0, []]);
    },
  );
});

describe.skipIf(dcmdump === undefined)('dcmdump', () => {
  test.each(objects.map(({ name }) => name))('reads every element of %s', (name) => {
    const { stderr, status } = spawnSync(dcmdump!, ['-q', fileOf(name)], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});
