// The words of the activity log as people read them, and the newest of it joined with what was read before. Pure.

import type { ActivityEntry } from '@/api/types'

/** `CHALLENGE_COMPLETED` is `challenge completed`. */
export const spoken = (word: string) => word.toLowerCase().replaceAll('_', ' ')

export const SEVERITIES = ['INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const

/** What is known besides, in short: `points: 10, via: code`. */
export function detail(metadata: unknown): string {
  if (typeof metadata !== 'object' || metadata === null) return ''
  return Object.entries(metadata)
    .filter(([, value]) => value !== null && value !== '')
    .map(([key, value]) => `${key.replaceAll('_', ' ')}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ')
}

export interface ActivityFilter {
  event?: string | undefined
  severity?: string | undefined
  login?: string | undefined
}

/** What has just happened is shown where the filter would have let it through. */
export function passes(entry: ActivityEntry, filter: ActivityFilter): boolean {
  return (
    (!filter.event || entry.event === filter.event) &&
    (!filter.severity || entry.severity === filter.severity) &&
    (!filter.login || entry.login === filter.login)
  )
}

/** The newest first, each once. */
export function joined(live: readonly ActivityEntry[], read: readonly ActivityEntry[]): ActivityEntry[] {
  const seen = new Set<string>()
  return [...live, ...read].filter((entry) => !seen.has(entry.id) && seen.add(entry.id))
}
