/**
 * Ids of a call's own span, made of the call's id (64 hexadecimal digits): every attempt, process and run that knows the
 * call knows them, and nothing has to be stored. The trace id is for calls whose caller is not traced.
 */
export function callSpanIds(callId: string): { readonly traceId: string; readonly spanId: string } {
  return { traceId: callId.slice(0, 32), spanId: callId.slice(32, 48) };
}
