/**
 * The first schema. Columns carry the DICOM keyword of what they hold; times are epoch milliseconds UTC, named
 * `...AtMs`; JSON columns end in `Json`. Every table is STRICT. Partial indexes keep the hot queries (claim,
 * study due, delivery due) independent of how much history there is.
 */
export const migration001 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE association (
  associationId TEXT PRIMARY KEY,
  callingAeTitle TEXT NOT NULL,
  calledAeTitle TEXT NOT NULL,
  peerIp TEXT NOT NULL,
  bootId TEXT NOT NULL,
  openedAtMs INTEGER NOT NULL,
  closedAtMs INTEGER,
  ending TEXT
) STRICT;
CREATE INDEX associationOpen ON association (bootId) WHERE closedAtMs IS NULL;
CREATE INDEX associationByTime ON association (openedAtMs);

CREATE TABLE instance (
  instanceId TEXT PRIMARY KEY,
  sopClassUid TEXT NOT NULL,
  sopInstanceUid TEXT NOT NULL,
  studyInstanceUid TEXT NOT NULL,
  seriesInstanceUid TEXT NOT NULL,
  transferSyntaxUid TEXT NOT NULL,
  callingAeTitle TEXT NOT NULL,
  calledAeTitle TEXT NOT NULL,
  peerIp TEXT NOT NULL,
  associationId TEXT,
  sha256 TEXT NOT NULL,
  sizeBytes INTEGER NOT NULL,
  path TEXT NOT NULL,
  spoolState TEXT NOT NULL DEFAULT 'present' CHECK (spoolState IN ('present','missing','purged')),
  receivedAtMs INTEGER NOT NULL,
  disposition TEXT NOT NULL DEFAULT 'pending'
    CHECK (disposition IN ('pending','analysed','skipped','held','refused','failed','quarantined')),
  reasonsJson TEXT NOT NULL DEFAULT '[]',
  outcome TEXT,
  decidedAtMs INTEGER,
  patientId TEXT,
  patientName TEXT,
  accessionNumber TEXT,
  duplicateCount INTEGER NOT NULL DEFAULT 0,
  UNIQUE (sopInstanceUid, sha256)
) STRICT;
CREATE INDEX instanceByStudy ON instance (studyInstanceUid);
CREATE INDEX instanceByTime ON instance (receivedAtMs);
CREATE INDEX instanceByAccession ON instance (accessionNumber) WHERE accessionNumber IS NOT NULL;
CREATE INDEX instanceByPatient ON instance (patientId) WHERE patientId IS NOT NULL;
CREATE INDEX instanceBySender ON instance (callingAeTitle, receivedAtMs);
CREATE INDEX instanceByDisposition ON instance (disposition, receivedAtMs);
CREATE INDEX instanceByOutcome ON instance (outcome, receivedAtMs) WHERE outcome IS NOT NULL;
CREATE INDEX instanceByAssociation ON instance (associationId) WHERE associationId IS NOT NULL;
CREATE INDEX instanceSpool ON instance (receivedAtMs) WHERE spoolState = 'present';
CREATE INDEX instanceByPath ON instance (path);

CREATE TABLE job (
  jobId TEXT PRIMARY KEY,
  instanceId TEXT NOT NULL REFERENCES instance ON DELETE CASCADE,
  modelSha256 TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('QUEUED','WAITING','RUNNING','DONE','QUARANTINED','CANCELLED')),
  priority INTEGER NOT NULL DEFAULT 5,
  attempts INTEGER NOT NULL DEFAULT 0,
  operatorReleased INTEGER NOT NULL DEFAULT 0,
  claimToken TEXT,
  claimedBy TEXT,
  bootId TEXT,
  leaseUntilMonotonicMs INTEGER,
  delayedAtMs INTEGER,
  nextAtMs INTEGER,
  lastErrorCode TEXT,
  lastError TEXT,
  createdAtMs INTEGER NOT NULL,
  startedAtMs INTEGER,
  finishedAtMs INTEGER,
  UNIQUE (instanceId, modelSha256)
) STRICT;
CREATE INDEX jobQueued ON job (priority, jobId) WHERE state = 'QUEUED';
CREATE INDEX jobWaiting ON job (nextAtMs) WHERE state = 'WAITING';
CREATE INDEX jobRunning ON job (bootId) WHERE state = 'RUNNING';
CREATE INDEX jobQuarantined ON job (jobId) WHERE state = 'QUARANTINED';

CREATE TABLE decision (
  instanceId TEXT PRIMARY KEY REFERENCES instance ON DELETE CASCADE,
  verdict TEXT NOT NULL,
  dynamic TEXT,
  ruleName TEXT,
  ruleVersion TEXT NOT NULL,
  reasonsJson TEXT NOT NULL,
  evidenceJson TEXT NOT NULL,
  decidedAtMs INTEGER NOT NULL
) STRICT;

CREATE TABLE analysis (
  analysisId TEXT PRIMARY KEY,
  instanceId TEXT NOT NULL REFERENCES instance ON DELETE CASCADE,
  modelSha256 TEXT NOT NULL,
  modelId TEXT NOT NULL,
  modelVersion TEXT NOT NULL,
  configSha256 TEXT NOT NULL,
  provider TEXT NOT NULL,
  outcome TEXT NOT NULL,
  probabilitiesJson TEXT NOT NULL,
  reasonsJson TEXT NOT NULL,
  timingsJson TEXT NOT NULL,
  mapPeakJson TEXT,
  mapBoxJson TEXT,
  notesJson TEXT NOT NULL,
  record TEXT,
  analysedAtMs INTEGER NOT NULL,
  UNIQUE (instanceId, modelSha256)
) STRICT;
CREATE INDEX analysisByTime ON analysis (analysedAtMs);

CREATE TABLE study (
  studyInstanceUid TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('OPEN','REPORTING','CLOSED','FAILED')),
  openedAtMs INTEGER NOT NULL,
  lastActivityMs INTEGER NOT NULL,
  viewsComplete INTEGER NOT NULL DEFAULT 0,
  generation INTEGER NOT NULL DEFAULT 1,
  attempts INTEGER NOT NULL DEFAULT 0,
  nextAtMs INTEGER NOT NULL DEFAULT 0,
  claimToken TEXT,
  claimedGeneration INTEGER,
  startedAtMs INTEGER,
  bootId TEXT,
  lastErrorCode TEXT,
  lastError TEXT
) STRICT;
CREATE INDEX studyOpen ON study (lastActivityMs) WHERE state = 'OPEN';
CREATE INDEX studyReporting ON study (bootId) WHERE state = 'REPORTING';
CREATE INDEX studyFailed ON study (lastActivityMs) WHERE state = 'FAILED';

CREATE TABLE studyReport (
  reportId TEXT PRIMARY KEY,
  studyInstanceUid TEXT NOT NULL REFERENCES study ON DELETE CASCADE,
  modelSha256 TEXT NOT NULL,
  revision INTEGER NOT NULL,
  sopInstanceUid TEXT NOT NULL UNIQUE,
  predecessorSopInstanceUid TEXT,
  instanceIdsJson TEXT NOT NULL,
  contentSha256 TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  UNIQUE (studyInstanceUid, modelSha256, revision)
) STRICT;

CREATE TABLE object (
  objectId TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('SC','SR','GSPS','PM')),
  sopClassUid TEXT NOT NULL,
  sopInstanceUid TEXT NOT NULL UNIQUE,
  seriesInstanceUid TEXT NOT NULL,
  studyInstanceUid TEXT NOT NULL,
  transferSyntaxUid TEXT NOT NULL,
  instanceId TEXT REFERENCES instance ON DELETE CASCADE,
  reportId TEXT REFERENCES studyReport ON DELETE CASCADE,
  modelSha256 TEXT NOT NULL,
  replacesObjectId TEXT,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  sizeBytes INTEGER NOT NULL,
  createdAtMs INTEGER NOT NULL
) STRICT;
CREATE INDEX objectByInstance ON object (instanceId) WHERE instanceId IS NOT NULL;
CREATE INDEX objectByStudy ON object (studyInstanceUid);
CREATE INDEX objectByReport ON object (reportId) WHERE reportId IS NOT NULL;
CREATE INDEX objectByTime ON object (createdAtMs);

CREATE TABLE outbox (
  outboxId INTEGER PRIMARY KEY AUTOINCREMENT,
  objectId TEXT NOT NULL REFERENCES object ON DELETE CASCADE,
  destination TEXT NOT NULL,
  studyInstanceUid TEXT NOT NULL,
  orderKey INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('WAITING','SENDING','STORED','COMMITTED','PARKED','CANCELLED')),
  attempts INTEGER NOT NULL DEFAULT 0,
  nextAtMs INTEGER NOT NULL,
  changedAtMs INTEGER NOT NULL,
  claimToken TEXT,
  bootId TEXT,
  lastStatus INTEGER,
  lastReason TEXT,
  lastError TEXT,
  errorComment TEXT,
  createdAtMs INTEGER NOT NULL,
  storedAtMs INTEGER,
  committedAtMs INTEGER,
  UNIQUE (objectId, destination)
) STRICT;
CREATE INDEX outboxWaiting ON outbox (destination, orderKey) WHERE state = 'WAITING';
CREATE INDEX outboxWaitingChanged ON outbox (changedAtMs) WHERE state = 'WAITING';
CREATE INDEX outboxUnsent ON outbox (destination, studyInstanceUid, orderKey) WHERE state IN ('WAITING','SENDING');
CREATE INDEX outboxSending ON outbox (bootId) WHERE state = 'SENDING';
CREATE INDEX outboxStored ON outbox (destination, outboxId) WHERE state = 'STORED';
CREATE INDEX outboxParked ON outbox (destination, outboxId) WHERE state = 'PARKED';
CREATE INDEX outboxByStudy ON outbox (studyInstanceUid);

CREATE TABLE commitment (
  transactionUid TEXT PRIMARY KEY,
  destination TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('REQUESTED','REPORTED','FAILED','EXPIRED')),
  requestedAtMs INTEGER NOT NULL,
  deadlineMs INTEGER NOT NULL,
  answeredAtMs INTEGER
) STRICT;
CREATE INDEX commitmentRequested ON commitment (deadlineMs) WHERE state = 'REQUESTED';

CREATE TABLE commitmentObject (
  transactionUid TEXT NOT NULL REFERENCES commitment ON DELETE CASCADE,
  outboxId INTEGER NOT NULL REFERENCES outbox ON DELETE CASCADE,
  result TEXT NOT NULL DEFAULT 'PENDING' CHECK (result IN ('PENDING','COMMITTED','FAILED')),
  failureReason INTEGER,
  PRIMARY KEY (transactionUid, outboxId)
) STRICT, WITHOUT ROWID;
CREATE INDEX commitmentObjectByOutbox ON commitmentObject (outboxId);

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  atMs INTEGER NOT NULL,
  event TEXT NOT NULL,
  instanceId TEXT,
  sopInstanceUid TEXT,
  studyInstanceUid TEXT,
  accessionNumber TEXT,
  callingAeTitle TEXT,
  destination TEXT,
  outcome TEXT,
  reason TEXT,
  fieldsJson TEXT NOT NULL,
  prevSha256 TEXT NOT NULL,
  sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX auditByTime ON audit (atMs);
CREATE INDEX auditByEvent ON audit (event, atMs);
CREATE INDEX auditByInstance ON audit (instanceId, atMs) WHERE instanceId IS NOT NULL;
CREATE INDEX auditBySopInstance ON audit (sopInstanceUid, atMs) WHERE sopInstanceUid IS NOT NULL;
CREATE INDEX auditByStudy ON audit (studyInstanceUid, atMs) WHERE studyInstanceUid IS NOT NULL;
CREATE INDEX auditByAccession ON audit (accessionNumber, atMs) WHERE accessionNumber IS NOT NULL;
CREATE INDEX auditBySender ON audit (callingAeTitle, atMs) WHERE callingAeTitle IS NOT NULL;
CREATE INDEX auditByDestination ON audit (destination, atMs) WHERE destination IS NOT NULL;
CREATE INDEX auditByOutcome ON audit (outcome, atMs) WHERE outcome IS NOT NULL;
CREATE INDEX auditByReason ON audit (reason, atMs) WHERE reason IS NOT NULL;

CREATE TABLE auditCheckpoint (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  sha256 TEXT NOT NULL
) STRICT;
INSERT INTO auditCheckpoint VALUES (1, 0, '${'0'.repeat(64)}');

CREATE TABLE auditHead (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  sha256 TEXT NOT NULL
) STRICT;
INSERT INTO auditHead VALUES (1, 0, '${'0'.repeat(64)}');

CREATE TRIGGER auditNoUpdate BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END;
CREATE TRIGGER auditNoDelete BEFORE DELETE ON audit
WHEN OLD.seq > (SELECT seq FROM auditCheckpoint)
BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END;
CREATE TRIGGER auditCheckpointForward BEFORE UPDATE ON auditCheckpoint
WHEN NEW.seq < OLD.seq
BEGIN SELECT RAISE(ABORT, 'the audit checkpoint only moves forward'); END;
CREATE TRIGGER auditHeadForward BEFORE UPDATE ON auditHead
WHEN NEW.seq <= OLD.seq
BEGIN SELECT RAISE(ABORT, 'the audit head only moves forward'); END;

CREATE TABLE auditOutbox (
  seq INTEGER PRIMARY KEY REFERENCES audit (seq) ON DELETE RESTRICT,
  sentAtMs INTEGER
) STRICT;
CREATE INDEX auditOutboxUnsent ON auditOutbox (seq) WHERE sentAtMs IS NULL;
CREATE INDEX auditOutboxSent ON auditOutbox (sentAtMs) WHERE sentAtMs IS NOT NULL;

CREATE TABLE feedback (
  feedbackId TEXT PRIMARY KEY,
  instanceId TEXT NOT NULL REFERENCES instance ON DELETE CASCADE,
  judgement TEXT NOT NULL CHECK (judgement IN ('agree','disagree','unsure')),
  readerClass TEXT,
  comment TEXT,
  operator TEXT NOT NULL,
  atMs INTEGER NOT NULL,
  modelSha256 TEXT
) STRICT;
CREATE INDEX feedbackByInstance ON feedback (instanceId);
CREATE INDEX feedbackByTime ON feedback (atMs);

CREATE TABLE alert (
  alertId TEXT PRIMARY KEY,
  cause TEXT NOT NULL,
  detail TEXT NOT NULL,
  startedAtMs INTEGER NOT NULL,
  recoveredAtMs INTEGER
) STRICT;
CREATE UNIQUE INDEX alertActive ON alert (cause) WHERE recoveredAtMs IS NULL;
CREATE INDEX alertByTime ON alert (startedAtMs);
`;
