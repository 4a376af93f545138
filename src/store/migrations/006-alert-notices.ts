/** Which channel was told what about which alert, so that a restart tells nobody twice. */
export const migration006 = `
CREATE TABLE alertNotice (
  alertId TEXT NOT NULL REFERENCES alert ON DELETE CASCADE,
  channel TEXT NOT NULL CHECK (channel IN ('webhook','mail')),
  phase TEXT NOT NULL CHECK (phase IN ('started','recovered')),
  state TEXT NOT NULL DEFAULT 'DUE' CHECK (state IN ('DUE','SENT','GIVEN UP')),
  attempts INTEGER NOT NULL DEFAULT 0,
  nextAtMs INTEGER NOT NULL,
  changedAtMs INTEGER NOT NULL,
  lastError TEXT,
  PRIMARY KEY (alertId, channel, phase)
) STRICT, WITHOUT ROWID;
CREATE INDEX alertNoticeDue ON alertNotice (nextAtMs) WHERE state = 'DUE';
`;
