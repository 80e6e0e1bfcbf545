// The words of the HTTP contract as TypeScript types: those of the OpenAPI document (gen.ts, made by `npm run api:gen`),
// and below them, by hand, what the document does not describe yet. Nothing here is behaviour.

import type * as G from './gen'

export type {
  Account as Me,
  Check,
  Claim,
  ClaimLink,
  CreatedPerson,
  Credential,
  CreatedToken as NewToken,
  Example,
  Fact,
  Kit,
  Lab,
  LabChange,
  LabResults,
  LabSettings,
  LabState,
  LabSummary,
  Member,
  MemberRole,
  NewLab,
  NewPerson,
  NewTask,
  NewToken as TokenWish,
  ObjectName,
  Person,
  PersonChange,
  Preparation,
  Role as PersonRole,
  RosterEntry,
  RosterReport,
  SchemaSnapshot,
  Session,
  Column as SnapshotColumn,
  Table as SnapshotTable,
  Start,
  Task,
  TaskChange,
  Token,
} from './gen'

type LabState = G.LabState
type Kit = G.Kit
type RosterReport = G.RosterReport
/** As the board tells it; in psql there may be no reason. */
type Hand = { raised_at: string; why?: string | null }

export type Time = string
export interface Problem {
  type?: string
  title?: string
  status: number
  code: string
  detail?: string
  fields?: { path: string; message: string }[]
  report?: RosterReport
}

export interface List<T> {
  items: T[]
  next?: string | null
}

export type InstanceStateName = 'queued' | 'creating' | 'active' | 'terminating' | 'terminated' | 'error'
export type TaskState = 'not_started' | 'working' | 'partly' | 'done' | 'broken_again'
export type VerdictState = 'passed' | 'failed' | 'not_yet' | 'error'
export interface Verdict {
  check: string
  state: VerdictState
  expected: string
  found: string
  title?: string
  explanation?: string
}
export interface BoardTaskCell {
  id: string
  title: string
  explanation?: string
  score: number
  now: number
  max_score: number
  state: TaskState
  completed_at?: Time | null
  stale?: boolean
  verdicts?: Verdict[]
}
export type MemberState = 'absent' | 'idle' | 'working' | 'blocked' | 'done'
export interface Activity {
  connections: number
  state: 'none' | 'idle' | 'active' | 'idle_in_transaction' | 'blocked'
  since?: Time | null
  last_seen_at?: Time | null
}
export interface BoardMember {
  login: string
  name: string
  section?: string | null
  seat?: string | null
  score: number
  now: number
  max_score: number
  state: MemberState
  activity: Activity
  hand?: Hand | null
  need: { rank: number; score: number; reasons: string[] }
  n_errors_recent: number
  instance_state: InstanceStateName | 'none'
  tasks: BoardTaskCell[]
}
export interface SharedError {
  sqlstate: string
  message: string
  n_members: number
  logins: string[]
  last_at: Time
}
export interface BoardClass {
  n_members: number
  n_connected: number
  pace: { median_score: number; median_tasks_done?: number; seconds_per_task?: number | null }
}
export interface Board {
  lab: string
  title: string
  state: LabState
  at: Time
  sequence: number
  tasks: { id: string; title: string; points: number }[]
  class: BoardClass
  shared_errors: SharedError[]
  members: BoardMember[]
}
/** What the event `member` carries; `class`, `shared_errors` and the ranks of others when they changed. */
export interface BoardMemberEvent {
  sequence: number
  member: BoardMember
  ranks?: ReadonlyMap<string, number> | null
  class?: BoardClass | null
  shared_errors?: SharedError[] | null
}

export interface MemberDetail extends BoardMember {
  timeline: { at: Time; kind: string; text: string; task?: string | null; points?: number | null }[]
  errors: { at: Time; sqlstate: string; message: string; statement?: string | null; times: number }[]
  connections: {
    pid: number
    application?: string | null
    client?: string | null
    state: string
    since?: Time | null
    query?: string | null
    blocked_by?: number[]
  }[]
  kit?: Kit | null
}

export interface MyPage {
  lab: { slug: string; title: string; state: LabState }
  kit: Kit | null
  member: BoardMember
  class?: {
    median_score: number
    max_score: number
    n_members: number
    per_task: { id: string; done: number }[]
  } | null
  hand?: Hand | null
  may: string[]
}

export interface SystemInfo {
  version: string
  postgres?: Record<string, unknown> | null
  reconcilers: {
    name: string
    last_run_at?: Time | null
    last_result?: string | null
    period_s?: number | null
  }[]
  workers?: unknown
}
