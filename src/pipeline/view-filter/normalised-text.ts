const ideographic = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}々ー]/u;
const wordCharacter = /[\p{Letter}\p{Number}\p{Mark}]/u;

/**
 * Text as a row of words that can be compared: compatibility forms and full width folded (NFKC), upper case, marks
 * dropped from Latin letters only (decomposing kana or hangul would break them), separators cut, every Han, kana or
 * hangul character a word of its own because these scripts write no spaces. Digits are cut from a word of two or more
 * letters (`LAT2`), while `L5` stays whole.
 */
export function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  const flush = (): void => {
    if (word !== '') words.push(...cutDigits(word));
    word = '';
  };
  for (const char of fold(text)) {
    if (ideographic.test(char)) {
      flush();
      words.push(char);
    } else if (wordCharacter.test(char)) word += char;
    else flush();
  }
  flush();
  return words;
}

/** A coded string as one word without separators: `L-SPINE` and `l spine` are both `LSPINE`. */
export function termOf(text: string): string {
  return fold(text).replaceAll(/[^\p{Letter}\p{Number}\p{Mark}]/gu, '');
}

function fold(text: string): string {
  // Upper case can bring new compatibility forms and composed letters, so it stands between two normalisations.
  const upper = text.normalize('NFKC').toUpperCase().normalize('NFKC');
  return upper.replaceAll(/\p{Script=Latin}\p{Mark}*/gu, (letter) =>
    letter.normalize('NFD').replaceAll(/\p{Mark}/gu, ''),
  );
}

function cutDigits(word: string): readonly string[] {
  const match = /^(\p{Letter}{2,})(\p{Number}+)$/u.exec(word) ?? /^(\p{Number}+)(\p{Letter}+)$/u.exec(word);
  return match ? [match[1] ?? '', match[2] ?? ''] : [word];
}
