// An access code in whatever somebody pasted. Pure.

/** In capitals, without the spaces and dashes that people write between; from a link too; null where there is none. */
export function codeOf(text: string): string | null {
  const linked = /\/join\/([^/?#\s]+)/.exec(text)?.[1] ?? text
  const code = linked.replaceAll(/[\s-]/g, '').toUpperCase()
  return /^[A-Z0-9]{4,32}$/.test(code) ? code : null
}
