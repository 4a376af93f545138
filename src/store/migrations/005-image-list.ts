/** The image list asks for one reason among a million images: its first reason, by time. */
export const migration005 = `
CREATE INDEX instanceByReason ON instance (json_extract(reasonsJson, '$[0].code'), receivedAtMs) WHERE reasonsJson <> '[]';
`;
