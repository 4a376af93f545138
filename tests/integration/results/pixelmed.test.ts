import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { peer } from '../../support/peer.ts';
import { reports } from './produced-objects.ts';

/** Every kind of report; the validator needs the XPath limits of newer Java lifted. */
const java = peer('java');
const jar = '/usr/share/java/pixelmed.jar';
const options =
  '-Djdk.xml.xpathTotalOpLimit=0 -Djdk.xml.xpathExprOpLimit=0 -Djdk.xml.xpathExprGrpLimit=0 -Xss64m';

/** Extensions that TID 1500 and 1501 permit: the Summary, and the class codes of rows 40 and 41 (results 7.1). */
const acceptedWarnings = [
  // A report in another language names standard codes in that language (results 3.2, row 2).
  /has different code meaning \("(?:Lendenwirbelsäule|腰椎)"\)/,
  /\/TEXT \(121111,DCM,"Summary"\): Content Item not in template$/,
  /\/CONTAINER \(125007,DCM,"Measurement Group"\)\/CODE \((240221008,SCT|DLS,99LSPINE),"[^"]*"\): Content Item not in template$/,
];

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pixelmed-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(java === undefined || !existsSync(jar))('PixelMed DicomSRValidator', () => {
  test.each(reports())(
    'finds no error in $name',
    async ({ name, bytes }) => {
      const file = join(folder, `${name}.dcm`);
      writeFileSync(file, bytes);
      const { stdout, stderr } = await promisify(execFile)(
        java!,
        ['-cp', '/usr/share/java/*', 'com.pixelmed.validate.DicomSRValidator', file],
        { env: { ...process.env, JAVA_TOOL_OPTIONS: options }, encoding: 'utf8' },
      );
      const lines = `${stdout}\n${stderr}`.split('\n');
      expect(lines.some((line) => line.includes('Root Template TID_1500'))).toBe(true);
      expect(lines.some((line) => line.includes('IOD validation complete'))).toBe(true);
      const findings = lines.filter((line) => /^(Error|Warning)/.test(line));
      expect(findings.filter((line) => !acceptedWarnings.some((accepted) => accepted.test(line)))).toEqual(
        [],
      );
    },
    120_000,
  );
});
