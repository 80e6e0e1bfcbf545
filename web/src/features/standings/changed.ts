// Standings as they are after what the stream tells: only rows that are others come over the line.

import type { Standings, StandingsChange } from '@/api/types'

export function changed(before: Standings, change: StandingsChange): Standings {
  const rows = new Map(before.rows.map((row) => [row.id, row]))
  for (const id of change.gone) rows.delete(id)
  for (const row of change.rows) rows.set(row.id, row)
  for (const { id, rank, section_rank } of change.moved) {
    const row = rows.get(id)
    if (row) rows.set(id, { ...row, rank, section_rank })
  }
  return {
    ...before,
    rows: [...rows.values()].sort((a, b) => a.rank - b.rank || a.name.localeCompare(b.name)),
    computed_at: change.computed_at,
  }
}
