// The board as the page holds it, and how events change it. Pure: rows that did not change keep their identity, so
// that React draws only those that did.

import type { Board, BoardClass, BoardMember, BoardMemberEvent, SharedError } from '@/api/types'

/** Reads the event `member`: the row under `member` with its sequence, or the row itself with the id as sequence. */
export function readMemberEvent(data: unknown, id: string): BoardMemberEvent | null {
  if (typeof data !== 'object' || data === null) return null
  const event = data as Partial<Omit<BoardMemberEvent, 'ranks'>> & Partial<BoardMember> & { ranks?: unknown }
  const member = event.member ?? (typeof event.login === 'string' ? (data as BoardMember) : undefined)
  // The id may begin with what tells one process from another; the sequence is its end.
  const sequence = event.sequence ?? Number(/\d+$/.exec(id)?.[0] ?? Number.NaN)
  if (!member || !Number.isFinite(sequence)) return null
  return {
    sequence,
    member,
    ranks: readRanks(event.ranks),
    class: event.class ?? null,
    shared_errors: event.shared_errors ?? null,
  }
}

/** Ranks by login, from `[{login, rank}]`, `[[login, rank]]` or `{login: rank}`. */
function readRanks(data: unknown): Map<string, number> | null {
  if (typeof data !== 'object' || data === null) return null
  const pairs = Array.isArray(data)
    ? data.map((each: unknown) =>
        Array.isArray(each) ? each : [(each as { login: string }).login, (each as { rank: number }).rank],
      )
    : Object.entries(data)
  return new Map(pairs as [string, number][])
}

export interface Applied {
  board: Board
  /** An event between two that arrived is missing: the whole board has to be read again. */
  gap: boolean
}

/** Applies events in the order they came. Those the board already contains are left out; a gap is applied and told. */
export function applyEvents(board: Board, events: readonly BoardMemberEvent[]): Applied {
  let sequence = board.sequence
  let gap = false
  let klass: BoardClass = board.class
  let shared: SharedError[] = board.shared_errors
  const changed = new Map<string, BoardMember>()
  const ranks = new Map<string, number>()
  for (const event of events) {
    if (event.sequence <= sequence) continue
    if (event.sequence > sequence + 1) gap = true
    sequence = event.sequence
    changed.set(event.member.login, event.member)
    ranks.delete(event.member.login)
    for (const [login, rank] of event.ranks ?? []) ranks.set(login, rank)
    if (event.class) klass = event.class
    if (event.shared_errors) shared = event.shared_errors
  }
  if (sequence === board.sequence) return { board, gap: false }
  const members = board.members.map((member) => {
    const next = changed.get(member.login) ?? member
    changed.delete(member.login)
    const rank = ranks.get(member.login)
    return rank === undefined || rank === next.need.rank ? next : { ...next, need: { ...next.need, rank } }
  })
  // Somebody who joined after the board was read.
  members.push(...changed.values())
  return {
    board: { ...board, sequence, class: klass, shared_errors: shared, members },
    gap,
  }
}

/** Takes a whole board, keeping the old rows that are equal, so that they need not be drawn again. */
export function replaceBoard(old: Board | undefined, next: Board): Board {
  if (!old) return next
  // An answer that was under way while newer events came in.
  if (old.lab === next.lab && next.sequence < old.sequence && Date.parse(next.at) < Date.parse(old.at)) return old
  const before = new Map(old.members.map((member) => [member.login, member]))
  return {
    ...next,
    members: next.members.map((member) => {
      const known = before.get(member.login)
      return known && JSON.stringify(known) === JSON.stringify(member) ? known : member
    }),
  }
}
