// From the history of a lab to what a graph draws. Pure.

import type { HistoryPoint } from '@/api/types'

export interface Graph {
  title: string
  unit: string
  /** Of each point, oldest first; null where nothing is known. */
  values: (number | null)[]
}

/** Seconds since 1970, with a gap wherever nothing was written for longer than two steps. */
export function timeline(points: HistoryPoint[], step: number): { at: number[]; of: (HistoryPoint | null)[] } {
  const at: number[] = []
  const of: (HistoryPoint | null)[] = []
  for (const point of points) {
    const time = Date.parse(point.at) / 1000
    const last = at.at(-1)
    if (last !== undefined && time - last > 2 * step) {
      at.push(last + step)
      of.push(null)
    }
    at.push(time)
    of.push(point)
  }
  return { at, of }
}

export function graphs(of: (HistoryPoint | null)[]): Graph[] {
  const values = (read: (point: HistoryPoint) => number | null | undefined) =>
    of.map((point) => (point === null ? null : (read(point) ?? null)))
  return [
    { title: 'Tasks done', unit: '', values: values((point) => point.completions) },
    { title: 'Students connected', unit: '', values: values((point) => point.connected) },
    { title: 'Errors', unit: '', values: values((point) => point.errors) },
    { title: 'Minutes per task', unit: ' min', values: values((point) => minutes(point.seconds_per_task)) },
  ]
}

function minutes(seconds: number | null | undefined): number | null {
  return seconds === null || seconds === undefined ? null : Math.round(seconds / 6) / 10
}

/** What a graph says in one line, also to who can't see it. */
export function inWords(graph: Graph): string {
  const known = graph.values.filter((value): value is number => value !== null)
  const last = known.at(-1)
  if (last === undefined) return `${graph.title}: nothing yet`
  return `${graph.title}: ${last}${graph.unit} now, at most ${Math.max(...known)}${graph.unit}`
}
