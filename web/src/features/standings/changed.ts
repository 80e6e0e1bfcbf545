// Standings as they are after what the stream tells: only rows that are others come over the line.

import type { Standings, StandingsChange } from '@/api/types'

export function changed(before: Standings, change: StandingsChange): Standings {
  const rows = new Map(before.rows.map((row) => [row.login, row]))
  for (const login of change.gone) rows.delete(login)
  for (const row of change.rows) rows.set(row.login, row)
  for (const { login, rank, section_rank } of change.moved) {
    const row = rows.get(login)
    if (row) rows.set(login, { ...row, rank, section_rank })
  }
  return {
    ...before,
    rows: [...rows.values()].sort((a, b) => a.rank - b.rank || a.name.localeCompare(b.name)),
    computed_at: change.computed_at,
  }
}
