// From the history of a lab to what a graph draws. Pure.

import type { HistoryPoint, MonitoredProgram } from '@/api/types'

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

export interface Share {
  title: string
  unit: string
  value: number
  of: number
}

/** Where the class is now, as shares of what it could be; none where there is nobody or nothing to do. */
export function shares(points: HistoryPoint[], n_students: number, n_tasks: number): Share[] {
  const last = points.at(-1)
  if (!last || n_students === 0) return []
  const connected = { title: 'Students connected', unit: 'students connected', value: last.connected, of: n_students }
  if (n_tasks === 0) return [connected]
  return [
    { title: 'Tasks done by the class', unit: 'tasks done', value: last.completions, of: n_students * n_tasks },
    connected,
  ]
}

/** What could be shown besides, and is not named in pglab.toml. */
export function missing(programs: MonitoredProgram[]): string[] {
  const has = (kind: MonitoredProgram['kind']) => programs.some((program) => program.kind === kind)
  return [
    has('prometheus') ? '' : 'No Prometheus is named (monitoring.prometheus in pglab.toml): whether it scrapes these is not known.',
    has('exporter') ? '' : 'No SQL exporter is named (monitoring.exporters in pglab.toml).',
  ].filter((line) => line !== '')
}
