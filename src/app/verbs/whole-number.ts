import { InvalidArgumentError } from 'commander';

/** Reads the value of an option that counts something; commander prints the error and the usage. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number above 0 is needed');
  return value;
}
