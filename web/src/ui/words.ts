// The words that stand for states, one table each, for labels, tooltips and screen readers.

import { points } from './format'
import type { ActivityGlyphState, TaskGlyphState, VerdictGlyphState } from './Glyphs'

export const TASK_STATE: Record<TaskGlyphState, string> = {
  not_started: 'not started',
  working: 'working, no points yet',
  partly: 'partly',
  done: 'done',
  broken_again: 'broken again',
}
export const ACTIVITY: Record<ActivityGlyphState, string> = {
  none: 'not connected',
  idle: 'connected, idle',
  active: 'running a statement',
  idle_in_transaction: 'idle inside a transaction',
  blocked: 'blocked by a lock',
}
export const VERDICT: Record<VerdictGlyphState, string> = {
  passed: 'passed',
  failed: 'failed',
  not_yet: 'not there yet',
  error: 'could not be checked',
}
export const LAB_STATE: Record<string, string> = {
  draft: 'Draft',
  open: 'Open',
  closed: 'Closed',
  archived: 'Archived',
}
export const INSTANCE_STATE: Record<string, string> = {
  none: 'none yet',
  queued: 'waiting',
  creating: 'being made',
  active: 'ready',
  terminating: 'being removed',
  terminated: 'removed',
  error: 'failed',
}
export const CHECK_KIND: Record<string, string> = {
  schema_exists: 'schema',
  table_exists: 'table',
  column_exists: 'column',
  column_type: 'type',
  nullability: 'not null',
  default: 'default',
  generated: 'generated',
  auto_number: 'auto number',
  primary_key: 'primary key',
  foreign_key: 'foreign key',
  unique: 'unique',
  check_constraint: 'check',
  exclusion: 'exclusion',
  index: 'index',
  trigger: 'trigger',
  view_exists: 'view',
  view_rows: 'view result',
  function: 'function',
  sequence: 'sequence',
  enum: 'enum',
  domain: 'domain',
  table_comment: 'comment',
  column_comment: 'comment',
  rows: 'rows',
  row_count: 'row count',
}

/** What a cell of the board says aloud: `ada, Table album: partly, 6 of 10 points`. */
export function cellLabel(
  who: string,
  task: { title: string; state: TaskGlyphState; now: number; max_score: number; stale?: boolean | undefined },
): string {
  const stale = task.stale ? ', result may be out of date' : ''
  return `${who}, ${task.title}: ${TASK_STATE[task.state]}, ${points(task.now)} of ${points(task.max_score)} points${stale}`
}

/** A title without the word that all columns share, for narrow headers: `Table album` is `album`. */
export function shortTitle(title: string): string {
  return title.replace(/^(the )?(table|view|function|procedure|index|trigger|sequence|type)\s+/i, '').replace(/[`“”"]/g, '')
}
