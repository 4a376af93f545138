/** True for an IANA time zone name; an offset such as "+01:00" is none, because it knows no summer time. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    // Intl has no other way to ask.
    return false;
  }
}
