// What happened in a console, from its events: runs with their results. Pure; the page draws it.

import type { ConsoleColumn, ConsoleComplaint, ConsoleCut, ConsoleEvent, ConsoleTransaction } from '@/api/types'

export type Cell = string | null

/** One statement of a run. */
export interface Result {
  /** Where the statement stands in the editor, in UTF-16 units. */
  from: number
  to: number
  columns: ConsoleColumn[] | null
  rows: Cell[][]
  notices: ConsoleComplaint[]
  tag: string | null
  cut: ConsoleCut | null
  nCellsCut: number
  error: ConsoleComplaint | null
  ms: number | null
}

export interface Run {
  id: number
  sql: string
  /** Where the text that was run begins in the editor. */
  offset: number
  results: Result[]
  /** Of LISTEN. */
  heard: { channel: string; payload: string }[]
  ms: number | null
  /** The session ended while it ran: why. */
  lost: string | null
}

export interface Talk {
  ready: Extract<ConsoleEvent, { type: 'ready' }> | null
  transaction: ConsoleTransaction
  run: Run | null
  running: boolean
}

export const SILENT: Talk = { ready: null, transaction: 'none', run: null, running: false }

export function begun(talk: Talk, id: number, sql: string, offset: number): Talk {
  return { ...talk, running: true, run: { id, sql, offset, results: [], heard: [], ms: null, lost: null } }
}

const EMPTY = { columns: null, notices: [], tag: null, cut: null, nCellsCut: 0, error: null, ms: null }

export function heard(talk: Talk, event: ConsoleEvent): Talk {
  if (event.type === 'ready') return { ...talk, ready: event, transaction: 'none' }
  if (event.type === 'closed') {
    const run = talk.run && talk.running ? { ...talk.run, lost: event.reason } : talk.run
    return { ...talk, ready: null, running: false, transaction: 'none', run }
  }
  const { run } = talk
  if (!run) return talk
  const last = run.results.at(-1)
  const change = (patch: Partial<Result>): Talk => {
    if (!last) return talk
    return { ...talk, run: { ...run, results: [...run.results.slice(0, -1), { ...last, ...patch }] } }
  }
  switch (event.type) {
    case 'statement': {
      const next = { ...EMPTY, rows: [], from: run.offset + event.from, to: run.offset + event.to }
      return { ...talk, run: { ...run, results: [...run.results, next] } }
    }
    case 'columns':
      return change({ columns: event.columns })
    case 'rows': {
      // Appended in place: ten thousand rows come in many parts, and nobody else holds the array.
      if (last) for (const row of event.rows) last.rows.push(row as Cell[])
      return change({})
    }
    case 'notice':
      return change({ notices: [...(last?.notices ?? []), event.notice] })
    case 'notification':
      return { ...talk, run: { ...run, heard: [...run.heard.slice(-99), { channel: event.channel, payload: event.payload }] } }
    case 'done':
      return change({ tag: event.tag, cut: event.cut ?? null, nCellsCut: event.n_cells_cut, ms: event.ms })
    case 'error':
      return change({ error: event.error, ms: event.ms })
    case 'finished':
      return { ...talk, running: false, transaction: event.transaction, run: { ...run, ms: event.ms } }
    default:
      return talk
  }
}

/** Where in the editor an error is, if PostgreSQL said so. */
export function errorPlace(run: Run): number | null {
  const error = run.results.at(-1)?.error
  return error?.position === undefined || error.position === null ? null : Math.max(0, run.offset + error.position)
}

/** What a result is called over its grid: `SELECT 3`, `12 rows`. */
export function resultTitle(result: Result): string {
  if (result.error) return `ERROR ${result.error.code}`
  if (result.columns && (result.tag === null || result.tag === '')) return `${result.rows.length} rows`
  return result.tag ?? '…'
}

/** `4 ms`, `1.20 s`. */
export function took(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return `${(ms / 1000).toFixed(2)} s`
}
