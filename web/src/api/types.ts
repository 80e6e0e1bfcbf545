// The words of the HTTP contract as TypeScript types. One file, so that the types generated from the OpenAPI document
// can take its place; nothing here is behaviour.

export type Time = string
export type PersonRole = 'admin' | 'instructor' | 'student'
export type MemberRole = 'instructor' | 'assistant' | 'student'

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

export interface Session {
  signed_in: boolean
  person?: { id: string; login: string; name: string; email?: string | null; role: PersonRole } | null
  must_change_password?: boolean
  csrf_token?: string | null
  may?: string[]
}

export interface Me {
  id: string
  login: string
  name: string
  email?: string | null
  role: PersonRole
  password: { initial: boolean; differs_since?: Time | null }
}

export interface Token {
  id: string
  name: string
  scopes: string[]
  created_at: Time
  last_used_at?: Time | null
  expires_at?: Time | null
  revoked_at?: Time | null
}
export interface NewToken extends Token {
  token: string
}

export interface Claim {
  login: string
  name: string
  lab: { slug: string; title: string }
  state: 'fresh' | 'used' | 'expired'
}

export interface Person {
  id: string
  login: string
  name: string
  email?: string | null
  role: PersonRole
  created_at?: Time
  disabled_at?: Time | null
  initial_password?: string | null
}

export type LabState = 'draft' | 'open' | 'closed' | 'archived'
export interface LabSummary {
  slug: string
  title: string
  state: LabState
  role: MemberRole | 'admin'
  n_members: number
  created_at: Time
  may: string[]
}

export type Start = 'empty' | 'schema' | { tables: string[] } | { dump: string }
export interface LabSettings {
  types: 'strict' | 'lenient'
  must_change_password: boolean
  show_class_progress: boolean
  student_reset: boolean
  grade_final_state: boolean
  max_connections: number
  statement_timeout_s: number
  idle_in_transaction_timeout_s: number
  temp_file_limit_mib: number
  database_quota_mib: number
  extensions: string[]
}

export interface Check {
  id: string
  kind: string
  title: string
  explanation: string
  weight: number
}
export interface Task {
  id: string
  key: string
  title: string
  explanation: string
  points: number
  position: number
  checks: Check[]
}

export interface Preparation {
  state: 'idle' | 'running' | 'done' | 'failed'
  total: number
  ready: number
  failed: { login: string; reason: string }[]
  waiting: number
  eta_seconds?: number | null
  started_at?: Time | null
  finished_at?: Time | null
}

export interface Example {
  source: 'dump' | 'uri'
  name: string
  size_bytes?: number | null
  state: 'loading' | 'ready' | 'failed'
  progress?: {
    done_bytes: number
    total_bytes: number
    phase: 'upload' | 'load' | 'introspect' | 'templates'
  } | null
  error?: {
    line?: number | null
    statement?: string | null
    message: string
    hint?: string | null
    sqlstate?: string | null
  } | null
  warnings: { line?: number | null; message: string }[]
  summary?: Record<string, number> | null
  loaded_at?: Time | null
}

export interface Lab {
  slug: string
  title: string
  state: LabState
  start: Start
  settings: LabSettings
  max_score: number
  n_members: number
  example: Example | null
  tasks: Task[]
  may: string[]
  created_at: Time
  opened_at?: Time | null
  closed_at?: Time | null
  archived_at?: Time | null
  /** Since when dumps are being written; the lab is archived when they are. */
  archive_wanted_at?: Time | null
  /** Why archiving does not get on. */
  trouble?: string | null
}

export interface RosterEntry {
  login: string
  name: string
  email?: string | null
  section?: string | null
  seat?: string | null
  external_id?: string | null
}
export interface RosterReport {
  format: 'plain' | 'logins' | 'moodle' | 'canvas' | 'canvas_sis'
  dry_run: boolean
  new: RosterEntry[]
  changed: { login: string; fields: Record<string, [string | null, string | null]> }[]
  gone: RosterEntry[]
  unchanged: number
  problems: { line: number; text: string; message: string; severity: 'error' | 'warning' }[]
  applied: boolean
}

export type InstanceStateName = 'queued' | 'creating' | 'active' | 'terminating' | 'terminated' | 'error'
export interface Member {
  login: string
  name: string
  email?: string | null
  section?: string | null
  seat?: string | null
  role: MemberRole
  removed_at?: Time | null
  instance?: { state: InstanceStateName; sentence: string; database?: string | null } | null
  password: 'initial' | 'claimed' | 'changed'
  hand?: Hand | null
}
export interface Hand {
  raised_at: Time
  why?: string | null
}

export interface Credential {
  login: string
  name: string
  section?: string | null
  seat?: string | null
  password: string | null
  state: string
  database?: string | null
  uri?: string | null
  claim_url?: string | null
}
export interface ClaimLink {
  login: string
  url: string
  expires_at: Time
  qr_svg: string
}

export interface Kit {
  login: string
  password: string | null
  uri: string
  hosts: { host: string; port: number }[]
  database: string
  service_file: string
  pgpass_line: string
  jdbc: string
  psql: string
}

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
  instance_state: InstanceStateName
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
  pace: { median_score: number; [key: string]: number }
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
/** What the event `member` carries; `class` and `shared_errors` when they changed. */
export interface BoardMemberEvent {
  sequence: number
  member: BoardMember
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
  }[]
  kit?: Kit | null
}

export interface LabResults {
  lab: string
  title: string
  max_score: number
  students: {
    login: string
    name: string
    email?: string | null
    section?: string | null
    score: number
    tasks: { key: string; title: string; points: number; max_points: number; completed_at?: Time | null }[]
  }[]
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

export interface ObjectName {
  schema: string
  name: string
}
export interface SnapshotColumn {
  name: string
  type: string
  not_null: boolean
  default?: string | null
  auto_number?: string | null
  generated?: string | null
  comment?: string | null
}
export interface SnapshotKey {
  name: string
  columns: string[]
}
export interface SnapshotTable {
  name: ObjectName
  columns: SnapshotColumn[]
  primary_key?: SnapshotKey | null
  uniques: SnapshotKey[]
  foreign_keys: {
    name: string
    columns: string[]
    ref_table: ObjectName
    ref_columns: string[]
    on_update: string
    on_delete: string
  }[]
  checks: { name: string; expression: string }[]
  indexes: { name: string; method: string; keys: string[]; unique: boolean; predicate?: string | null }[]
  triggers: { name: string; timing: string; events: string[] }[]
}
export interface SchemaSnapshot {
  server_version: number
  schemas: string[]
  tables: SnapshotTable[]
  views: { name: ObjectName; materialized: boolean; columns: SnapshotColumn[] }[]
  functions: { name: ObjectName; kind: string; argument_types: string; result?: string | null }[]
  sequences: { name: ObjectName }[]
  enums: { name: ObjectName; labels: string[] }[]
  domains: { name: ObjectName; base_type: string }[]
  extensions: string[]
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
