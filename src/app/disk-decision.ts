/** How full the data folder's file system is allowed to get; bytes. */
export interface DiskLimits {
  /** Below this free space nothing new is taken. */
  readonly watermark: number;
  /** Size of the ballast file; 0 for none. */
  readonly ballast: number;
}

export interface DiskState {
  readonly isLow: boolean;
  readonly hasBallast: boolean;
}

export interface DiskDecision {
  readonly announce?: 'low' | 'ok';
  readonly ballast?: 'drop' | 'make';
}

/** Free space at which SQLite may soon be unable to write, deletes included: then the ballast goes. */
const tightBytes = 16 * 1024 * 1024;

/**
 * What to do about the free space (reliability.md 4.5). The ballast goes when the disk is nearly full, not already at
 * the watermark: refusing new images is enough there, and the ballast is the last reserve. It comes back, and the disk
 * counts as well again, only with some air above the watermark, so that neither flutters.
 */
export function diskDecision(state: DiskState, freeBytes: number, limits: DiskLimits): DiskDecision {
  const { watermark, ballast } = limits;
  const isTight = freeBytes < Math.min(tightBytes, watermark / 2);
  const air = watermark + Math.min(watermark / 20, 256 * 1024 * 1024);
  const isWell = freeBytes >= air;
  return {
    ...(!state.isLow && freeBytes < watermark ? { announce: 'low' as const } : {}),
    ...(state.isLow && isWell ? { announce: 'ok' as const } : {}),
    ...(state.hasBallast && isTight ? { ballast: 'drop' as const } : {}),
    ...(!state.hasBallast && ballast > 0 && freeBytes >= air + ballast ? { ballast: 'make' as const } : {}),
  };
}
