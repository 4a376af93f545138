export { createViewFilter, type ViewDecision, type ViewEvidence, type ViewFilter } from './decision.ts';
export { explainDecision } from './explanation.ts';
export type { ViewDataSet, ViewInput } from './ports.ts';
export { loadViewVocabulary, parseViewVocabulary, type ViewVocabulary } from './vocabulary.ts';
export { vocabularyJsonSchema } from './vocabulary-schema.ts';
