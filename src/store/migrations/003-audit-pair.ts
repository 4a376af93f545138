/**
 * Two filters that are both common and hardly ever meet in one row: without this index such a question walks through
 * every row of one of them (bench/suites/books.ts).
 */
export const migration003 = `
CREATE INDEX auditByReasonAndOutcome ON audit (reason, outcome, atMs) WHERE reason IS NOT NULL AND outcome IS NOT NULL;
`;
