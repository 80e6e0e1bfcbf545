// From standings to what a page draws of them: the points over time of the first few, who is in which section, how many
// have each task, and where a screen that scrolls by itself is. Pure.

import type { Standings } from '@/api/types'

export type StandingsRow = Standings['rows'][number]

export interface Curve {
  login: string
  name: string
  rank: number
  points: number
  own: boolean
  /** In the order of `Curves.at`; before the first point it is 0. */
  values: number[]
}
export interface Curves {
  /** Seconds since 1970, ascending. */
  at: number[]
  lines: Curve[]
}

/** Is it oneself, or the team that one is in? */
export const isOwn = (row: Pick<StandingsRow, 'login' | 'team'>, own: string | undefined): boolean =>
  own !== undefined && (row.team ? row.team.includes(own) : row.login === own)

/** How many lines can still be told apart. */
export const MOST_LINES = 8

const seconds = (iso: string) => Date.parse(iso) / 1000

/** The points of one member as they came: after each completion, and at the end all, awards and parts of tasks too. */
export function changes(row: StandingsRow): { at: number; points: number }[] {
  let sum = 0
  const steps = row.done.map((each) => ({ at: seconds(each.at), points: (sum += each.points) }))
  if (row.reached_at && row.points !== sum) steps.push({ at: seconds(row.reached_at), points: row.points })
  return steps.sort((a, b) => a.at - b.at)
}

/** The curves of the first `most` of these rows, and of oneself, where one is among them. */
export function curves(rows: readonly StandingsRow[], own: string | undefined, now: number, most = MOST_LINES): Curves {
  const earned = rows.filter((row) => row.points !== 0 || isOwn(row, own))
  const first = earned.slice(0, most)
  const mine = earned.find((row) => isOwn(row, own))
  const shown = mine && !first.includes(mine) ? [...first.slice(0, most - 1), mine] : first
  const steps = shown.map(changes)
  const moments = steps.flatMap((each) => each.map((step) => step.at))
  if (moments.length === 0) return { at: [], lines: [] }
  const begin = Math.min(...moments)
  const end = Math.max(now / 1000, ...moments)
  // A little before the first point, so that the lines rise from the ground.
  const before = begin - Math.max(1, (end - begin) / 50)
  const at = [...new Set([before, ...moments, end])].sort((a, b) => a - b)
  const lines = shown.map((row, n) => {
    const mineSteps = steps[n] ?? []
    let next = 0
    let value = 0
    const values = at.map((moment) => {
      for (let step = mineSteps[next]; step && step.at <= moment; step = mineSteps[next]) {
        value = step.points
        next += 1
      }
      return value
    })
    return { login: row.login, name: row.name, rank: row.rank, points: row.points, own: isOwn(row, own), values }
  })
  return { at, lines }
}

/** The sections that there are, in order. */
export function sectionsOf(rows: readonly StandingsRow[]): string[] {
  return [...new Set(rows.flatMap((row) => (row.section ? [row.section] : [])))].sort((a, b) => a.localeCompare(b))
}

/** Who is in the bracket, with the rank in it; everybody where none is chosen. */
export function bracket(rows: readonly StandingsRow[], section: string | undefined): StandingsRow[] {
  if (section === undefined) return [...rows]
  return rows.filter((row) => row.section === section).map((row) => ({ ...row, rank: row.section_rank }))
}

/** How many have each task done, and who had it first. */
export function solvers(rows: readonly StandingsRow[]): Map<string, { n: number; first: string }> {
  const found = new Map<string, { n: number; first: string; at: number }>()
  for (const row of rows) {
    for (const each of row.done) {
      const at = seconds(each.at)
      const known = found.get(each.task)
      if (!known) found.set(each.task, { n: 1, first: row.login, at })
      else {
        known.n += 1
        if (at < known.at) Object.assign(known, { first: row.login, at })
      }
    }
  }
  return new Map([...found].map(([task, { n, first }]) => [task, { n, first }]))
}

/** Seconds that a screen rests at the top and at the end. */
const REST = 6

/** How far down a screen is that has `over` pixels more than it can show, after so many seconds; from the top again after the end. */
export function scrolled(elapsed: number, over: number, speed: number): number {
  if (over <= 0) return 0
  const way = over / speed
  const turn = elapsed % (REST + way + REST)
  return Math.min(over, Math.max(0, (turn - REST) * speed))
}
