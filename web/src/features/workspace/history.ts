// What was run in this browser, the newest first. Kept here and not on the server: it may hold what is nobody's business,
// and every browser forgets it with its data (docs/decisions/0026-console.md).

export interface Past {
  sql: string
  /** Milliseconds since 1970. */
  at: number
  ms: number | null
  ok: boolean
}

const MOST = 200
const LONGEST = 20_000

const key = (of: string) => `pglab.console.${of}`

export function readHistory(of: string): Past[] {
  try {
    const read: unknown = JSON.parse(window.localStorage.getItem(key(of)) ?? '[]')
    return Array.isArray(read) ? (read as Past[]).filter((past) => typeof past?.sql === 'string') : []
  } catch {
    return []
  }
}

/** The same again moves to the top. */
export function remembered(history: Past[], past: Past): Past[] {
  if (past.sql.trim() === '' || past.sql.length > LONGEST) return history
  return [past, ...history.filter((each) => each.sql !== past.sql)].slice(0, MOST)
}

export function writeHistory(of: string, history: Past[]) {
  try {
    window.localStorage.setItem(key(of), JSON.stringify(history))
  } catch {
    // Full, or not allowed: then it is remembered until the page is closed.
  }
}

/** The text in the editor, as it was left. */
export function readDraft(of: string): string {
  try {
    return window.localStorage.getItem(`${key(of)}.draft`) ?? ''
  } catch {
    return ''
  }
}
export function writeDraft(of: string, text: string) {
  try {
    window.localStorage.setItem(`${key(of)}.draft`, text.slice(0, 200_000))
  } catch {
    // As above.
  }
}
