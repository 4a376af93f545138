/**
 * Seeded random numbers for the simulator: sfc32 (Chris Doty-Humphrey's small fast counting generator)
 * seeded by an FNV-1a/murmur mix of a name, so that every patient, study and image owns an independent stream.
 * Not for cryptography.
 */
export interface RandomStream {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Normal deviate (Marsaglia polar method). */
  normal(mean: number, standardDeviation: number): number;
  /** Normal deviate cut to [low, high] by clamping. */
  clampedNormal(mean: number, standardDeviation: number, low: number, high: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One of the entries, all equally likely. */
  pick<T>(entries: readonly T[]): T;
  /** 32 random bits as an unsigned integer. */
  bits(): number;
}

/** Four 32-bit words from a name: FNV-1a with four different bases, each finished with murmur3's mixer. */
function seedWords(name: string): Uint32Array {
  const words = new Uint32Array(4);
  for (let word = 0; word < 4; word += 1) {
    let hash = (0x811c9dc5 ^ Math.imul(word + 1, 0x9e3779b1)) >>> 0;
    for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    words[word] = (hash ^ (hash >>> 16)) >>> 0;
  }
  return words;
}

/** Opens the stream of that name. The same name gives the same numbers on every machine. */
export function randomStream(name: string): RandomStream {
  const words = seedWords(name);
  let a = words[0] ?? 0;
  let b = words[1] ?? 0;
  let c = words[2] ?? 0;
  let counter = words[3] ?? 1;
  const bits = (): number => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i += 1) bits();
  const uniform = (): number => bits() / 4294967296;
  const between = (low: number, high: number): number => low + (high - low) * uniform();
  const normal = (mean: number, standardDeviation: number): number => {
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const s = x * x + y * y;
      if (s > 0 && s < 1) return mean + standardDeviation * x * Math.sqrt((-2 * Math.log(s)) / s);
    }
  };
  return {
    bits,
    uniform,
    between,
    normal,
    clampedNormal: (mean, standardDeviation, low, high) =>
      Math.min(high, Math.max(low, normal(mean, standardDeviation))),
    chance: (probability) => uniform() < probability,
    pick: (entries) => {
      const entry = entries[Math.floor(uniform() * entries.length)];
      if (entry === undefined) throw new RangeError('pick() needs at least one entry');
      return entry;
    },
  };
}
