// What the board shows of its members: sorting, filtering, counting. Pure.

import type { Board, BoardMember } from '@/api/types'

export type BoardSort = 'need' | 'name' | 'progress'
export interface BoardFilter {
  sort: BoardSort
  section?: string | undefined
  query?: string | undefined
  /** The message of a shared error: only those who made it. */
  error?: string | undefined
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
export const byName = (a: BoardMember, b: BoardMember) =>
  collator.compare(a.name, b.name) || collator.compare(a.login, b.login)

const COMPARE: Record<BoardSort, (a: BoardMember, b: BoardMember) => number> = {
  need: (a, b) => a.need.rank - b.need.rank || b.need.score - a.need.score || byName(a, b),
  name: byName,
  progress: (a, b) => b.score - a.score || b.now - a.now || byName(a, b),
}

export function rows(board: Board, filter: BoardFilter): BoardMember[] {
  const query = filter.query?.trim().toLowerCase()
  const shared = filter.error ? board.shared_errors.find((error) => error.message === filter.error) : undefined
  return board.members
    .filter(
      (member) =>
        (!filter.section || member.section === filter.section) &&
        (!query || `${member.name} ${member.login} ${member.seat ?? ''}`.toLowerCase().includes(query)) &&
        (!shared || shared.logins.includes(member.login)),
    )
    .sort(COMPARE[filter.sort])
}

export function sections(board: Board): string[] {
  const names = new Set<string>()
  for (const member of board.members) if (member.section) names.add(member.section)
  return [...names].sort(collator.compare)
}

/** How many of these members have each task done. */
export function completions(board: Board, members: readonly BoardMember[]): number[] {
  return board.tasks.map((_, i) => members.reduce((n, m) => n + (m.tasks[i]?.state === 'done' ? 1 : 0), 0))
}

/** How many members have how much: `n` buckets from nothing to all; everybody with all points is in the last one. */
export function paceBuckets(members: readonly BoardMember[], n: number): number[] {
  const buckets = Array.from({ length: n }, () => 0)
  for (const member of members) {
    const share = member.max_score > 0 ? member.score / member.max_score : 0
    const i = Math.min(n - 1, Math.max(0, Math.floor(share * n)))
    buckets[i] = (buckets[i] ?? 0) + 1
  }
  return buckets
}

/** Under how many of the first rows the page says why they need help. */
export const ROWS_WITH_REASONS = 16
/** A reason of at most this many letters stands beside the name and takes no line of its own. */
const SHORT_REASON = 26

/** Why the member needs help, and whether it fits beside the name; null where the page does not say it. */
export function reasonsShown(member: BoardMember, index: number, sort: BoardSort): { text: string; beside: boolean } | null {
  if (sort !== 'need' || index >= ROWS_WITH_REASONS) return null
  const text = member.need.reasons.join(' ')
  if (text === '' && !member.hand?.why) return null
  return { text, beside: text.length <= SHORT_REASON && !member.hand?.why }
}

/** Mixes a login, so that numbers given in this order say nothing about the alphabet. */
function mixed(login: string): number {
  let h = 2166136261
  for (const char of login) h = Math.imul(h ^ (char.codePointAt(0) ?? 0), 16777619)
  return (h ^ (h >>> 13)) >>> 0
}

/** Names for a screen that everybody sees: numbers that stay the same while the class does. */
export function anonymousNames(members: readonly BoardMember[]): Map<string, string> {
  const sorted = [...members].sort((a, b) => mixed(a.login) - mixed(b.login) || (a.login < b.login ? -1 : 1))
  return new Map(sorted.map((member, i) => [member.login, `Student ${i + 1}`]))
}
