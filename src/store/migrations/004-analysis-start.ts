/**
 * When an image was first analysed by one model under one configuration. The bytes and UIDs of its results depend on
 * exactly these and on that time, so that a repetition years later makes the same objects (results.md section 6).
 */
export const migration004 = `
CREATE TABLE analysisStart (
  instanceId TEXT NOT NULL REFERENCES instance ON DELETE CASCADE,
  modelSha256 TEXT NOT NULL,
  configSha256 TEXT NOT NULL,
  startedAtMs INTEGER NOT NULL,
  PRIMARY KEY (instanceId, modelSha256, configSha256)
) STRICT, WITHOUT ROWID;
INSERT INTO analysisStart (instanceId, modelSha256, configSha256, startedAtMs)
  SELECT a.instanceId, a.modelSha256, a.configSha256, j.startedAtMs
  FROM analysis a JOIN job j ON j.instanceId = a.instanceId AND j.modelSha256 = ''
  WHERE j.startedAtMs IS NOT NULL;
`;
