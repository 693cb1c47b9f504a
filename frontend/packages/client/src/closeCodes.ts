/**
 * Why the server ended a connection. One rule: the range decides, not the list.
 * 4500-4999 stop; everything else, known or not, reconnect.
 */

export const CloseCode = {
  tokenExpired: 4003,
  unauthorized: 4500,
  sessionRevoked: 4501,
  accountDisabled: 4502,
} as const;

export function mustStop(code: number): boolean {
  return code >= 4500 && code <= 4999;
}

/** The person has to log in again: another try with the same session would end the same way. */
export function endsSession(code: number): boolean {
  return code >= CloseCode.unauthorized && code <= CloseCode.accountDisabled;
}
