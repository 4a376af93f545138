/** What a destination answered last, as the refusal table reads it (dicom/refusal-sentences.ts): `explain` words it anew. */
export const migration002 = `
ALTER TABLE outbox ADD COLUMN lastRefusalJson TEXT;
`;
