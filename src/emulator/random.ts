/** Chance with a seed: two emulators with one seed throw the same dice. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A version 4 GUID. */
  guid(): string;
  /** `digits` hexadecimal digits. */
  hex(digits: number): string;
}

/** Mulberry32: 32 bits of state are plenty for ids and coin tosses. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (digits: number): string => {
    let text = '';
    while (text.length < digits)
      text += Math.floor(next() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return text.slice(0, digits);
  };
  const guid = (): string => {
    const raw = hex(32);
    const variant = '89ab'[Math.floor(next() * 4)]!;
    return `${raw.slice(0, 8)}-${raw.slice(8, 12)}-4${raw.slice(13, 16)}-${variant}${raw.slice(17, 20)}-${raw.slice(20)}`;
  };
  return { next, guid, hex };
}
