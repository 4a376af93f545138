import { userInfo } from 'node:os';

/**
 * Who is at the keyboard, for the audit: the person behind sudo, else the login name of this process. A name, not a
 * proof: whoever may run this command as that user may also write anything into the database.
 */
export function operatorName(): string {
  const behindSudo = process.env['SUDO_USER'];
  if (behindSudo !== undefined && behindSudo !== '') return behindSudo.slice(0, 64);
  try {
    return userInfo().username.slice(0, 64);
  } catch {
    // A user id without an entry in the password database, as in some containers.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
