import type { Sizes } from './case.ts';

/** The figures of docs/reliability.md. */
export const fullSizes: Sizes = {
  kills: 1000,
  powerCuts: 200,
  streams: 1_000_000,
  socketStreams: 20_000,
  mutants: 20_000,
  awayDays: 7,
  studiesPerDay: 1000,
  soakWarmUpMinutes: 10,
  soakMinutes: 30,
  soakPerHour: 5000,
  storingAssociations: 32,
  imagesPerAssociation: 50,
  idleSockets: 2000,
  churn: 100_000,
  cuts: 3000,
  backlog: 50_000,
  retentionRows: 1_000_000,
};

/** What continuous integration can afford. */
export const quickSizes: Sizes = {
  kills: 6,
  powerCuts: 3,
  streams: 10_000,
  socketStreams: 100,
  mutants: 30,
  awayDays: 1,
  studiesPerDay: 50,
  // Not in the selection: three minutes show that the case runs, their slope says nothing.
  soakWarmUpMinutes: 0.5,
  soakMinutes: 3,
  soakPerHour: 1200,
  storingAssociations: 8,
  imagesPerAssociation: 3,
  idleSockets: 200,
  churn: 1000,
  cuts: 40,
  backlog: 2000,
  retentionRows: 5000,
};
