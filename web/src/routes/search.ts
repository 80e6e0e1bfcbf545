// What stands behind the question mark, read with care: an address may come from anywhere. Pure.

import type { BoardSearch } from '@/features/board/BoardPage'
import type { ActivityFilter } from '@/features/activity/words'
import type { LibrarySearch } from '@/features/library/find'
import type { AttemptsSearch } from '@/features/standings/AttemptsPage'
import type { StandingsSearch } from '@/features/standings/StandingsPage'

type Raw = Record<string, unknown>

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined

export function boardSearch(raw: Raw): BoardSearch {
  const found: BoardSearch = {
    sort: raw.sort === 'name' || raw.sort === 'progress' ? raw.sort : undefined,
    section: text(raw.section),
    q: text(raw.q),
    error: text(raw.error),
    member: text(raw.member),
    projector: raw.projector === 1 || raw.projector === '1' ? 1 : undefined,
    anon: raw.anon === 1 || raw.anon === '1' ? 1 : undefined,
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as BoardSearch
}

export function standingsSearch(raw: Raw): StandingsSearch {
  const section = text(raw.section)
  return { ...(section && { section }), ...((raw.projector === 1 || raw.projector === '1') && { projector: 1 }) }
}

/** Of these keys, those that hold a text. */
function texts<K extends string>(raw: Raw, keys: readonly K[]): { [key in K]?: string } {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = text(raw[key])
      return value ? [[key, value]] : []
    }),
  ) as { [key in K]?: string }
}

export const attemptsSearch = (raw: Raw): AttemptsSearch => texts(raw, ['task', 'login', 'outcome'])
export const librarySearch = (raw: Raw): LibrarySearch => texts(raw, ['q', 'pack', 'difficulty', 'kind'])
export const activitySearch = (raw: Raw): ActivityFilter => texts(raw, ['event', 'severity', 'login'])
