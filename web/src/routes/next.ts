// Where to go on after signing in. Pure.

/** A path of ours to go on to; anything else would be an open redirect. */
export function safeNext(value: unknown): string | undefined {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : undefined
}
