/** Names and numbers of people who do not exist. None of them may be found in a log, a metric or an error reply (O01). */
export const canary = {
  patientName: 'ZZCANARY^FICTIONAL',
  patientId: 'ZZCANARY-0001',
  accessionNumber: 'ZZCANARYACC',
  marker: 'ZZCANARY',
} as const;
