// For the development of the pages and for screenshots only: a pretend pglab without a database; nobody runs this in production.
//
// Speaks the HTTP contract with state in memory: three labs (3 students, 300 students, one empty draft), whose students
// move at different paces. Sign in as admin, ines (instructor) or any student's login with any password; the cookie
// is the login, so that a browser can be signed in by setting it.
//   node dev/mock.mjs            PGLAB_DEV_PORT=7431, PACE_MS between two moves of a class

import { createServer } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answerChallenges, questionTasks, spread } from './mock-challenges.mjs'
import { consoleOf } from './mock-console.mjs'

const PORT = Number(process.env.PGLAB_DEV_PORT ?? 7431)
const PACE_MS = Number(process.env.PACE_MS ?? 700)
const DIST = fileURLToPath(new URL('../dist', import.meta.url))
// What pglab itself sends with its pages.
const CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"

// A generator with a seed: the same class every time.
let seed = 42
const chance = () => {
  seed = (seed * 1664525 + 1013904223) % 4294967296
  return seed / 4294967296
}
const pick = (list) => list[Math.floor(chance() * list.length)]
const iso = (secondsAgo = 0) => new Date(Date.now() - secondsAgo * 1000).toISOString()
let ids = 0
const id = () => `0199-${(++ids).toString(16).padStart(6, '0')}`

// --- the example: a harbour ------------------------------------------------------------------------------------------
const SCHEMA = {
  country: { columns: [['code', 'character(2)', 1], ['name', 'character varying(80)', 1]], pk: ['code'] },
  harbour: { columns: [['harbour_id', 'integer', 1], ['name', 'character varying(120)', 1], ['country_code', 'character(2)', 1], ['depth_m', 'numeric(5,2)', 0]], pk: ['harbour_id'], fk: [['country_code', 'country', 'code']] },
  berth: { columns: [['berth_id', 'integer', 1], ['harbour_id', 'integer', 1], ['code', 'character varying(12)', 1], ['length_m', 'numeric(6,2)', 1]], pk: ['berth_id'], fk: [['harbour_id', 'harbour', 'harbour_id']], check: '(length_m > (0)::numeric)' },
  company: { columns: [['company_id', 'integer', 1], ['name', 'character varying(120)', 1], ['country_code', 'character(2)', 0]], pk: ['company_id'], fk: [['country_code', 'country', 'code']] },
  ship: { columns: [['ship_id', 'integer', 1], ['imo', 'character(7)', 1], ['name', 'character varying(120)', 1], ['company_id', 'integer', 1], ['length_m', 'numeric(6,2)', 1], ['built_on', 'date', 0]], pk: ['ship_id'], fk: [['company_id', 'company', 'company_id']], unique: ['imo'] },
  crew_member: { columns: [['crew_member_id', 'integer', 1], ['name', 'character varying(120)', 1], ['born_on', 'date', 0]], pk: ['crew_member_id'] },
  voyage: { columns: [['voyage_id', 'integer', 1], ['ship_id', 'integer', 1], ['from_harbour_id', 'integer', 1], ['to_harbour_id', 'integer', 1], ['left_at', 'timestamp with time zone', 1], ['arrived_at', 'timestamp with time zone', 0]], pk: ['voyage_id'], fk: [['ship_id', 'ship', 'ship_id'], ['from_harbour_id', 'harbour', 'harbour_id']], check: '(arrived_at > left_at)' },
  voyage_crew: { columns: [['voyage_id', 'integer', 1], ['crew_member_id', 'integer', 1], ['duty', 'character varying(40)', 1]], pk: ['voyage_id', 'crew_member_id'], fk: [['voyage_id', 'voyage', 'voyage_id'], ['crew_member_id', 'crew_member', 'crew_member_id']] },
  cargo: { columns: [['cargo_id', 'integer', 1], ['voyage_id', 'integer', 1], ['description', 'text', 1], ['weight_kg', 'numeric(12,2)', 1]], pk: ['cargo_id'], fk: [['voyage_id', 'voyage', 'voyage_id']] },
}
const EXTRA = [
  ['view:public.ship_load', 'View ship_load', [['view_exists', 'The view ship_load exists with 3 columns'], ['view_rows', 'ship_load returns the same as in the example']]],
  ['view:public.busiest_harbour', 'View busiest_harbour', [['view_exists', 'The view busiest_harbour exists'], ['view_rows', 'busiest_harbour returns the same as in the example']]],
  ['function:public.days_at_sea', 'Function days_at_sea', [['function', 'days_at_sea(integer) returns integer']]],
]
const name = (n) => ({ schema: 'public', name: n })
const table = (n, t) => ({
  name: name(n), columns: t.columns.map(([c, type, nn]) => ({ name: c, type, not_null: nn === 1, default: null, auto_number: null, generated: null })),
  primary_key: { name: `${n}_pkey`, columns: t.pk }, uniques: t.unique ? [{ name: `${n}_key`, columns: t.unique }] : [],
  foreign_keys: (t.fk ?? []).map(([c, rt, rc]) => ({ name: `${n}_${c}_fkey`, columns: [c], ref_table: name(rt), ref_columns: [rc], on_update: 'no_action', on_delete: 'no_action' })),
  checks: t.check ? [{ name: `${n}_check`, expression: t.check }] : [], exclusions: [], indexes: [], triggers: [],
})
const snapshot = (tables) => ({
  server_version: 150018, schemas: [], tables, sequences: [], enums: [], domains: [], extensions: [],
  views: [{ name: name('ship_load'), materialized: false, columns: [] }], functions: [{ name: name('days_at_sea'), kind: 'function', argument_types: 'integer', result: 'integer' }],
})
const expected = snapshot(Object.entries(SCHEMA).map(([n, t]) => table(n, t)))

function deriveTasks(copies = 1) {
  const tasks = []
  for (let copy = 0; copy < copies; copy += 1) {
    const suffix = copy === 0 ? '' : `_${copy + 1}`
    for (const [n, t] of Object.entries(SCHEMA)) {
      const checks = [
        ['table_exists', `The table ${n}${suffix} exists`, 2],
        ...t.columns.flatMap(([c, type, nn]) => [
          ['column_type', `${n}.${c} is ${type}`, 1],
          ...(nn ? [['nullability', `${n}.${c} is NOT NULL`, 1]] : []),
        ]),
        ['primary_key', `The primary key is (${t.pk.join(', ')})`, 2],
        ...(t.fk ?? []).map(([c, rt, rc]) => ['foreign_key', `${c} references ${rt} (${rc})`, 2]),
        ...(t.check ? [['check_constraint', `CHECK ${t.check}`, 1]] : []),
        ['rows', `${n}${suffix} holds the same rows as the example`, 3],
      ]
      tasks.push([`table:public.${n}${suffix}`, `Table ${n}${suffix}`, checks, 10])
    }
    for (const [key, title, checks] of EXTRA) tasks.push([key + suffix, title + suffix, checks.map(([k, c]) => [k, c, 1]), 6])
  }
  return tasks.map(([key, title, checks, points], position) => ({
    id: id(), key, title, explanation: `Build ${title.toLowerCase().replace(' ', ' ')} as the example has it.`, points, position,
    checks: checks.map(([kind, text, weight]) => ({ id: id(), kind, title: text, explanation: kind === 'foreign_key' ? 'A foreign key lets PostgreSQL refuse rows that point nowhere. ALTER TABLE … ADD FOREIGN KEY adds one later.' : '', weight })),
  }))
}

// --- people ----------------------------------------------------------------------------------------------------------
const FIRST = ['Ada', 'Grace', 'Alan', 'Edgar', 'Barbara', 'Donald', 'Frances', 'Edsger', 'Margaret', 'Niklaus', 'Radia', 'Tony', 'Karen', 'Michael', 'Shafi', 'Leslie', 'Anita', 'Dennis', 'Lynn', 'Ken', 'Sofia', 'Jan', 'Mei', 'Omar', 'Zuzana', 'Aïcha', 'Björn', 'Chidi', 'Noor', 'Priya']
const LAST = ['Lovelace', 'Hopper', 'Turing', 'Codd', 'Liskov', 'Knuth', 'Allen', 'Dijkstra', 'Hamilton', 'Wirth', 'Perlman', 'Hoare', 'Spärck Jones', 'Stonebraker', 'Goldwasser', 'Lamport', 'Borg', 'Ritchie', 'Conway', 'Thompson', 'Kovalevskaya', 'van den Berg', 'Zhang', 'Khayyam', 'Nováková', 'Benali', 'Håkansson', 'Okafor', 'Rahman', 'Venkataraghavan']
const ascii = (text) => text.normalize('NFD').replace(/[^a-zA-Z]/g, '').toLowerCase()
const ERRORS = [
  ['42P01', 'relation "harbors" does not exist', 'INSERT INTO harbors (harbour_id, name)\nVALUES (1, \'Rotterdam\'), (2, \'Le Havre\');'],
  ['42601', 'syntax error at or near "REFRENCES"', 'ALTER TABLE berth\n  ADD FOREIGN KEY (harbour_id) REFRENCES harbour (harbour_id);'],
  ['23503', 'insert or update on table "ship" violates foreign key constraint "ship_company_id_fkey"', 'INSERT INTO ship (ship_id, imo, name, company_id, length_m)\nVALUES (7, \'9321483\', \'Emma\', 99, 397.0);'],
  ['42P07', 'relation "country" already exists', 'CREATE TABLE country (code char(2) PRIMARY KEY, name varchar(80) NOT NULL);'],
  ['22007', 'invalid input syntax for type date: "13.25.2019"', 'UPDATE ship SET built_on = \'13.25.2019\' WHERE ship_id = 4; -- which order?'],
]

function makeLab(slug, title, n, state, tasks) {
  const lab = {
    slug, title, state, start: 'empty', created_at: iso(86400 * 3), opened_at: state === 'draft' ? null : iso(3300), closed_at: null, tasks, members: [], sequence: 1, streams: new Set(), labStreams: new Set(), made: false,
    settings: { types: 'strict', must_change_password: false, show_class_progress: true, student_reset: true, grade_final_state: false, max_connections: 10, statement_timeout_s: 60, idle_in_transaction_timeout_s: 600, temp_file_limit_mib: 512, database_quota_mib: 512, extensions: [] },
    example: tasks.length ? { source: 'dump', name: 'harbour.sql', size_bytes: 184320, state: 'ready', progress: null, error: null, warnings: [{ line: 12, message: 'role "harbour_owner" does not exist: owner changes are left out' }, { line: 4180, message: '\\connect is not followed' }], summary: { tables: 9, views: 2, functions: 1, rows: 4127 }, loaded_at: iso(86400) } : null,
    preparation: { state: n ? 'done' : 'idle', total: n, ready: n, failed: [], waiting: 0, eta_seconds: null, started_at: null, finished_at: null },
  }
  const taken = new Set()
  for (let i = 0; i < n; i += 1) {
    const first = FIRST[i % FIRST.length], last = LAST[(i * 7 + Math.floor(i / FIRST.length) * 3) % LAST.length]
    let login = ascii(first)
    if (taken.has(login)) login = `${ascii(first)}.${ascii(last)}`
    if (taken.has(login)) login += i
    taken.add(login)
    lab.members.push(makeMember(lab, login, `${first} ${last}`, n > 3 ? `Group ${'ABCDEFGH'[i % (n > 100 ? 8 : 3)]}` : null, n > 3 ? String(i + 1) : null, i))
  }
  return lab
}
function makeMember(lab, login, fullName, section, seat, i) {
  const talent = 0.25 + chance() * 0.75
  return {
    login, name: fullName, email: `${login}@example.edu`, section, seat, role: 'student', removed_at: null, talent, absent: i % 29 === 17, stuck: i % 13 === 5,
    instance: { state: 'active', sentence: 'Ready.', database: `${lab.slug}_${login}` }, password: i % 4 === 3 ? 'changed' : 'initial', secret: `${pick(['maple', 'otter', 'amber', 'cedar', 'lunar', 'pixel'])}-${pick(['tulip', 'raven', 'stone', 'river', 'cloud', 'ember'])}-${10 + Math.floor(chance() * 90)}`,
    hand: null, passed: new Map(), best: new Map(), completed: new Map(), errors: [], timeline: [], activity: { connections: 0, state: 'none', since: null, last_seen_at: null }, lastMove: Date.now(),
  }
}
const state = (m, task) => {
  const passed = m.passed.get(task.id) ?? 0
  const total = task.checks.reduce((s, c) => s + c.weight, 0)
  const got = task.checks.slice(0, passed).reduce((s, c) => s + c.weight, 0)
  const now = passed >= task.checks.length ? task.points : Math.floor((1000 * task.points * got) / total) / 1000
  const best = Math.max(m.best.get(task.id) ?? 0, now)
  m.best.set(task.id, best)
  const word = now >= task.points ? 'done' : best >= task.points ? 'broken_again' : now > 0 ? 'partly' : passed === -1 ? 'working' : 'not_started'
  return { now, best, word }
}
function row(lab, m, verdicts = false) {
  const tasks = lab.tasks.map((task) => {
    const { now, best, word } = state(m, task)
    const passed = m.passed.get(task.id) ?? 0
    const cell = { id: task.id, title: task.title, score: best, now: Math.max(0, now), max_score: task.points, state: word, completed_at: m.completed.get(task.id) ?? null, stale: false }
    if (verdicts) {
      cell.explanation = task.explanation
      cell.verdicts = task.checks.map((c, i) => ({
        check: c.id, title: c.title, explanation: c.explanation,
        state: i < passed ? 'passed' : word === 'not_started' ? 'not_yet' : i === passed || (word === 'broken_again' && i === task.checks.length - 1) ? 'failed' : 'not_yet',
        expected: c.title, found: i < passed ? c.title : c.kind === 'column_type' ? `${c.title.split(' is ')[0]} is text` : c.kind === 'rows' ? '17 rows are missing and 2 are not in the example' : c.kind === 'foreign_key' ? 'no foreign key on these columns' : 'not there',
      }))
    }
    return cell
  })
  const score = tasks.reduce((s, t) => s + t.score, 0), now = tasks.reduce((s, t) => s + t.now, 0), max = lab.tasks.reduce((s, t) => s + t.points, 0)
  const reasons = []
  const quiet = Math.floor((Date.now() - m.lastMove) / 60000)
  if (m.absent) reasons.push('No connection yet.')
  if (m.stuck) reasons.push(`The same error ${3 + (m.errors[0]?.times ?? 0)} times in 5 minutes.`, `No progress for ${6 + quiet} minutes; the class needed 3 for this task.`)
  const behind = median(lab) - score
  if (!m.absent && behind > max * 0.2) reasons.push(`${Math.round(behind / 10)} tasks behind the median.`)
  const need = (m.hand ? 50 : 0) + (m.absent ? 100 : 0) + (m.stuck ? 40 : 0) + Math.max(0, behind)
  return { login: m.login, name: m.name, section: m.section, seat: m.seat, score, now, max_score: max, state: m.absent ? 'absent' : score >= max ? 'done' : m.activity.state === 'blocked' ? 'blocked' : m.activity.state === 'active' ? 'working' : 'idle', activity: m.activity, hand: m.hand, need: { rank: 0, score: need, reasons }, n_errors_recent: m.errors.length, instance_state: m.instance.state, tasks }
}
let medians = new Map()
function median(lab) {
  const known = medians.get(lab)
  if (known && Date.now() - known[0] < 2000) return known[1]
  const scores = lab.members.map((m) => lab.tasks.reduce((s, t) => s + (m.best.get(t.id) ?? 0), 0)).sort((a, b) => a - b)
  const value = scores.length ? scores[Math.floor(scores.length / 2)] : 0
  medians.set(lab, [Date.now(), value])
  return value
}
const klass = (lab) => ({ n_members: lab.members.length, n_connected: lab.members.filter((m) => m.activity.connections > 0).length, pace: { median_score: median(lab) } })
function shared(lab) {
  const by = new Map()
  for (const m of lab.members) for (const e of m.errors) {
    const s = by.get(e.message) ?? { sqlstate: e.sqlstate, message: e.message, n_members: 0, logins: [], last_at: e.at }
    if (!s.logins.includes(m.login)) { s.logins.push(m.login); s.n_members += 1 }
    if (e.at > s.last_at) s.last_at = e.at
    by.set(e.message, s)
  }
  return [...by.values()].filter((s) => s.n_members > 1).sort((a, b) => b.n_members - a.n_members)
}
const board = (lab) => {
  const members = lab.members.filter((m) => !m.removed_at).map((m) => row(lab, m))
  members.sort((a, b) => b.need.score - a.need.score).forEach((m, i) => { m.need.rank = i + 1 })
  return { lab: lab.slug, title: lab.title, state: lab.state, at: iso(), sequence: lab.sequence, tasks: lab.tasks.map((t) => ({ id: t.id, title: t.title, points: t.points })), class: klass(lab), shared_errors: shared(lab), members }
}
function move(lab, m, quietly = false) {
  if (m.absent) return
  m.activity = { connections: 1 + Math.floor(chance() * 2), state: pick(['idle', 'idle', 'active', 'active', 'idle_in_transaction', chance() < 0.15 ? 'blocked' : 'idle']), since: iso(Math.floor(chance() * 200)), last_seen_at: iso() }
  if (m.stuck ? chance() < 0.05 : chance() < 0.003) {
    const [sqlstate, message, statement] = m.stuck ? ERRORS[m.login.length % 3] : pick(ERRORS)
    const same = m.errors.find((e) => e.message === message)
    if (same) { same.times += 1; same.at = iso() } else m.errors.unshift({ at: iso(), sqlstate, message, statement, times: 1 })
    m.errors = m.errors.slice(0, 6)
  }
  if (chance() > (m.stuck ? 0.08 : m.talent)) return
  const open = lab.tasks.filter((t) => (m.passed.get(t.id) ?? 0) < t.checks.length)
  if (chance() < 0.006 && m.completed.size) {
    const t = lab.tasks.find((each) => m.completed.has(each.id))
    m.passed.set(t.id, Math.max(1, t.checks.length - 2))
    m.timeline.unshift({ at: iso(), kind: 'broken', text: `${t.title} is broken again`, task: t.id, points: null })
    return
  }
  const task = open[chance() < 0.8 ? 0 : Math.min(open.length - 1, 1 + Math.floor(chance() * 3))]
  if (!task) return
  const was = m.passed.get(task.id) ?? 0
  if (was === 0 && chance() < 0.3) m.passed.set(task.id, -1)
  else {
    const now = Math.min(task.checks.length, Math.max(0, was) + 1 + Math.floor(chance() * 5))
    m.passed.set(task.id, now)
    if (now === task.checks.length) {
      if (!m.completed.has(task.id)) m.timeline.unshift({ at: iso(quietly ? Math.floor(chance() * 3000) : 0), kind: 'completed', text: `${task.title} done`, task: task.id, points: task.points })
      m.completed.set(task.id, m.completed.get(task.id) ?? iso())
    } else if (!quietly || chance() < 0.2) m.timeline.unshift({ at: iso(), kind: 'progress', text: `${task.title}: ${now} of ${task.checks.length} checks pass`, task: task.id, points: null })
  }
  m.lastMove = Date.now()
  if (!m.hand && chance() < 0.0006) m.hand = { raised_at: iso(), why: pick(['My foreign key is refused', 'What is a multiset?', 'Why does COPY not find my file?', null]) }
}
const send = (stream, event, data, eventId) => stream.write(`${eventId === undefined ? '' : `id: ${eventId}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
function told(lab, m) {
  lab.sequence += 1
  const ranked = lab.members.map((each) => row(lab, each)).sort((a, b) => b.need.score - a.need.score)
  const mine = ranked.findIndex((each) => each.login === m.login)
  ranked[mine].need.rank = mine + 1
  const event = { sequence: lab.sequence, member: ranked[mine], ranks: ranked.map((each, i) => ({ login: each.login, rank: i + 1 })), class: klass(lab), shared_errors: shared(lab) }
  for (const stream of lab.streams) send(stream, 'member', event, lab.sequence)
}

const labs = new Map()
for (const lab of [
  makeLab('harbour', 'Build the harbour', 3, 'open', deriveTasks()),
  makeLab('databases-101', 'Databases 101, midterm', 300, 'open', deriveTasks(2)),
  makeLab('night', 'The night of the amber', 24, 'open', questionTasks(id)),
  makeLab('next-week', 'Next week: the music shop', 0, 'draft', []),
]) labs.set(lab.slug, lab)
for (const lab of labs.values()) {
  for (let turn = 0; turn < (lab.members.length > 10 ? 70 : 34); turn += 1) for (const m of lab.members) if (chance() < 0.8) move(lab, m, true)
}
spread(labs.get('night'))
for (const slug of ['harbour', 'databases-101']) {
  const m = labs.get(slug).members[1]
  m.hand = { raised_at: iso(140), why: 'My foreign key is refused, but the row is there' }
  m.stuck = true
  m.errors = ERRORS.slice(0, 3).map(([sqlstate, message, statement], i) => ({ at: iso(60 * i + 20), sqlstate, message, statement, times: 6 - 2 * i }))
}
medians.clear()
setInterval(() => {
  for (const lab of labs.values()) {
    // The night stands still, for pictures.
    if (lab.state !== 'open' || lab.slug === 'night') continue
    const n = Math.max(1, Math.round(lab.members.length / 40))
    for (let i = 0; i < n && lab.members.length; i += 1) { const m = pick(lab.members); if (!m.removed_at) { move(lab, m); told(lab, m) } }
  }
}, PACE_MS)
setInterval(() => { for (const lab of labs.values()) for (const s of lab.streams) send(s, 'ping', {}) }, 15000)

const PEOPLE = [
  { id: id(), login: 'admin', name: 'Admin', email: null, role: 'admin', disabled_at: null },
  { id: id(), login: 'ines', name: 'Inés Ortega', email: 'ines@example.edu', role: 'instructor', disabled_at: null },
  ...labs.get('databases-101').members.slice(0, 60).map((m) => ({ id: id(), login: m.login, name: m.name, email: m.email, role: 'student', disabled_at: null })),
]
const tokens = [{ id: id(), name: 'laptop', scopes: ['read', 'write'], created_at: iso(86400 * 9), last_used_at: iso(700), expires_at: iso(-86400 * 80), revoked_at: null }]
const QR = (text) => {
  let h = 7
  let path = ''
  for (let y = 0; y < 25; y += 1) for (let x = 0; x < 25; x += 1) {
    h = (h * 31 + text.charCodeAt((x * 7 + y) % text.length)) % 65521
    const corner = (x < 7 && y < 7) || (x > 17 && y < 7) || (x < 7 && y > 17)
    const cx = x > 17 ? x - 18 : x, cy = y > 17 ? y - 18 : y
    const on = corner ? cx === 0 || cx === 6 || cy === 0 || cy === 6 || (cx > 1 && cx < 5 && cy > 1 && cy < 5) : h % 2
    if (on) path += `M${x} ${y}h1v1h-1z`
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 27 27"><path d="${path}"/></svg>`
}

const kit = (lab, m) => ({
  login: m.login, password: m.password === 'initial' ? m.secret : null, uri: `postgresql://${m.login}@127.0.0.1:54329/${m.instance.database}?target_session_attrs=read-write`, hosts: [{ host: '127.0.0.1', port: 54329 }], database: m.instance.database,
  service_file: `[${lab.slug}]\nhost=127.0.0.1\nport=54329\ndbname=${m.instance.database}\nuser=${m.login}\ntarget_session_attrs=read-write`, pgpass_line: `127.0.0.1:54329:${m.instance.database}:${m.login}:${m.password === 'initial' ? m.secret : 'YOUR-PASSWORD'}`, jdbc: `jdbc:postgresql://127.0.0.1:54329/${m.instance.database}?targetServerType=primary`, psql: `psql "host=127.0.0.1 port=54329 dbname=${m.instance.database} user=${m.login}"`,
})
// A lesson of an hour and a half so far, with a pause.
function history(lab) {
  const n = lab.members.length
  if (n === 0) return { step_seconds: 15, points: [] }
  const points = Array.from({ length: 240 }, (_, i) => ({ at: iso((240 - i) * 22.5), completions: Math.round((n * lab.tasks.length * 0.6 * i) / 240 + Math.sin(i / 9) * 0.4 * i / 240), connected: Math.max(0, Math.round(n * (0.8 + 0.2 * Math.sin(i / 17)) - (i < 12 ? (n * (12 - i)) / 12 : 0))), errors: Math.round(Math.abs(Math.sin(i / 5)) * n * 0.1), hands: i % 40 < 6 ? 1 : 0, points: i * n, seconds_per_task: i < 20 ? null : Math.round(420 + 80 * Math.cos(i / 30)) }))
  return { step_seconds: 23, points: points.filter((_, i) => i < 120 || i > 136) }
}
// The states of the pages System and Monitoring that no class leads to: the cookie mock_identity or mock_programs chooses.
const directory = (more) => ({ servers: [{ url: 'ldaps://ldap.example.edu:636', up: true }, { url: 'ldaps://ldap2.example.edu:636', up: true }], tls: 'ldaps', ca_file: '/etc/pglab/ldap-ca.crt', people: '(uid={login}) below ou=people,dc=example,dc=edu', bind_dn: 'uid=pglab,ou=services,dc=example,dc=edu', group_base: 'ou=groups,dc=example,dc=edu', group_filter: '(member={dn})', ...more })
const down = { servers: [{ url: 'ldaps://ldap.example.edu:636', up: false }, { url: 'ldaps://ldap2.example.edu:636', up: false }] }
const IDENTITY = {
  local: { mode: 'local' },
  managed: { mode: 'managed', directory: directory({ servers: [{ url: 'ldaps://127.0.0.1:1636', up: true }], people: 'uid=LOGIN,ou=people,dc=lab,dc=internal', bind_dn: undefined, suffix: 'dc=lab,dc=internal' }) },
  directory: { mode: 'directory', directory: directory({}) },
  away: { mode: 'directory', directory: directory(down) },
  certificate: { mode: 'directory', directory: directory(down) },
  plain: { mode: 'directory', directory: directory({ tls: 'plain', servers: [{ url: 'ldap://ldap.example.edu:389', up: null }] }) },
}
const step = (name, passed, said) => ({ name, passed, said })
const good = ({ login, password }) => [
  step('Connect', true, 'ldaps://ldap.example.edu:636 answers, protected by TLS, the certificate is trusted'),
  step('Connect', true, 'ldaps://ldap2.example.edu:636 answers, protected by TLS, the certificate is trusted'),
  step('Account that searches', true, 'the directory lets in uid=pglab,ou=services,dc=example,dc=edu'),
  ...(login ? [step('Find', true, `${login} is uid=${login},ou=people,dc=example,dc=edu`)] : []),
  ...(login && password ? [password === 'wrong' ? step('Sign in', false, `"${login}": the password is wrong`) : step('Sign in', true, `the directory lets in uid=${login},ou=people,dc=example,dc=edu, in 2 groups: cn=class,ou=groups,dc=example,dc=edu; cn=staff,ou=groups,dc=example,dc=edu`)] : []),
]
const STEPS = {
  local: () => [],
  managed: good,
  directory: good,
  plain: good,
  away: () => ['ldap', 'ldap2'].map((host) => step('Connect', false, `no server of the directory answers (ldaps://${host}.example.edu:636: I/O error: Connection refused (os error 111))`)),
  certificate: () => ['ldap', 'ldap2'].map((host) => step('Connect', false, `the certificate of ldaps://${host}.example.edu:636 is not trusted: invalid peer certificate: UnknownIssuer; name its CA in identity.ca_file`)),
}
const PROGRAMS = {
  none: [],
  some: [
    { kind: 'exporter', name: '127.0.0.1:9237', up: true, detail: '1284 checks reported', checked_at: null },
    { kind: 'exporter', name: '127.0.0.1:9238', up: false, detail: 'Connection refused (os error 111)', checked_at: null },
    { kind: 'prometheus', name: '127.0.0.1:9090', up: true, detail: '2 of 3 targets up', checked_at: null },
    { kind: 'target', name: 'pglab lab.example.edu:443', up: true, detail: 'up', checked_at: iso(9) },
    { kind: 'target', name: 'sql-exporter 127.0.0.1:9237', up: true, detail: 'up', checked_at: iso(12) },
    { kind: 'target', name: 'lab-exporter 127.0.0.1:9238', up: false, detail: 'Get "http://127.0.0.1:9238/metrics": dial tcp 127.0.0.1:9238: connect: connection refused', checked_at: iso(4) },
  ],
}
const MAY = (lab) => ['view', 'results', 'assist', 'credentials_view', 'edit', 'roster_import', 'prepare', { draft: 'open', open: 'close', closed: 'archive', archived: '' }[lab.state], lab.state === 'closed' ? 'open' : '', 'delete'].filter(Boolean)
const labJson = (lab) => ({ slug: lab.slug, title: lab.title, state: lab.state, start: lab.start, settings: lab.settings, max_score: lab.tasks.reduce((s, t) => s + t.points, 0), n_members: lab.members.filter((m) => !m.removed_at).length, example: lab.example, tasks: lab.tasks, may: MAY(lab), created_at: lab.created_at, opened_at: lab.opened_at, closed_at: lab.closed_at })
const problem = (status, code, detail, more = {}) => ({ status, body: { type: `urn:pglab:${code}`, title: code, status, code, detail, ...more }, problem: true })
const ok = (body, status = 200) => ({ status, body })
const none = () => ({ status: 204 })

function loadExample(lab, fileName, size, broken) {
  const total = Math.max(size, 4_000_000)
  lab.example = { source: 'dump', name: fileName, size_bytes: size, state: 'loading', progress: { done_bytes: 0, total_bytes: total, phase: 'load' }, error: null, warnings: [], summary: null, loaded_at: null }
  let step = 0
  const timer = setInterval(() => {
    step += 1
    const e = lab.example
    if (broken && step === 4) {
      Object.assign(e, { state: 'failed', progress: null, error: { line: 1893, statement: 'INSERT INTO ship (ship_id, imo, name)\nVALUES (41, \'9321483\', \'Emma Mærsk\');', message: 'null value in column "length_m" of relation "ship" violates not-null constraint', hint: null, sqlstate: '23502' } })
    } else if (step < 6) e.progress = { done_bytes: Math.round((total * step) / 6), total_bytes: total, phase: 'load' }
    else if (step === 6) e.progress = { done_bytes: 0, total_bytes: 0, phase: 'introspect' }
    else if (step === 7) e.progress = { done_bytes: 0, total_bytes: 0, phase: 'templates' }
    else {
      Object.assign(e, { state: 'ready', progress: null, summary: { tables: 9, views: 2, functions: 1, rows: 4127 }, loaded_at: iso(), warnings: [{ line: 12, message: 'role "harbour_owner" does not exist: owner changes are left out' }] })
      if (lab.tasks.length === 0) lab.tasks = deriveTasks()
    }
    for (const s of lab.labStreams) if (s.kind === 'example') send(s.res, 'example', e)
    if (e.state !== 'loading') clearInterval(timer)
  }, 600)
  return lab.example
}
function roster(lab, text, dry) {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const head = (lines[0] ?? '').toLowerCase().split(/[,;\t]/)
  const plain = head.includes('login') || head.includes('username')
  const entries = [], problems = []
  lines.forEach((line, i) => {
    if (line.trim() === '' || (plain && i === 0)) return
    const cells = line.split(/[,;\t]/).map((c) => c.trim())
    const get = (k) => (plain ? cells[head.indexOf(k)] : k === 'login' ? cells[0] : undefined)
    const login = (get('login') ?? get('username') ?? '').toLowerCase()
    if (login.startsWith('pg_')) problems.push({ line: i + 1, text: line, message: `the login "${login}" starts with "pg_", which PostgreSQL keeps for itself`, severity: 'error' })
    else if (login === '') problems.push({ line: i + 1, text: line, message: 'the login is missing', severity: 'error' })
    else entries.push({ login, name: get('name') ?? login, email: get('email') ?? null, section: get('section') ?? null, seat: get('seat') ?? null })
  })
  const here = new Map(lab.members.filter((m) => !m.removed_at).map((m) => [m.login, m]))
  const report = { format: plain ? 'plain' : 'logins', dry_run: dry, new: entries.filter((e) => !here.has(e.login)), changed: [], gone: [], unchanged: 0, problems, applied: false }
  for (const e of entries) {
    const m = here.get(e.login)
    if (!m) continue
    const fields = {}
    for (const k of ['name', 'email', 'section', 'seat']) if (e[k] && e[k] !== m[k]) fields[k] = [m[k], e[k]]
    if (Object.keys(fields).length) report.changed.push({ login: e.login, fields })
    else report.unchanged += 1
  }
  report.gone = [...here.values()].filter((m) => !entries.some((e) => e.login === m.login)).map(({ login, name: n, email, section, seat }) => ({ login, name: n, email, section, seat }))
  if (!dry && problems.some((p) => p.severity === 'error')) return problem(422, 'invalid', 'The roster has lines that can’t be read; nothing was changed.', { report })
  if (!dry) {
    for (const e of report.new) {
      const m = makeMember(lab, e.login, e.name, e.section, e.seat, lab.members.length)
      m.instance = { state: 'queued', sentence: 'Waits for its turn.', database: null }
      m.email = e.email
      lab.members.push(m)
    }
    for (const c of report.changed) for (const [k, [, v]] of Object.entries(c.fields)) here.get(c.login)[k] = v
    for (const g of report.gone) here.get(g.login).removed_at = iso()
    lab.preparation = { ...lab.preparation, state: 'idle', total: lab.members.length, ready: lab.members.filter((m) => m.instance.state === 'active').length }
    report.applied = true
  }
  return ok(report)
}
function prepare(lab) {
  const waiting = lab.members.filter((m) => m.instance.state !== 'active' && !m.removed_at)
  lab.preparation = { state: 'running', total: lab.members.length, ready: lab.members.length - waiting.length, failed: [], waiting: waiting.length, eta_seconds: waiting.length, started_at: iso(), finished_at: null }
  const timer = setInterval(() => {
    const m = waiting.shift()
    const p = lab.preparation
    if (m) { m.instance = { state: 'active', sentence: 'Ready.', database: `${lab.slug}_${m.login}` }; p.ready += 1; p.waiting -= 1; p.eta_seconds = waiting.length }
    if (!waiting.length) { Object.assign(p, { state: 'done', eta_seconds: null, finished_at: iso() }); clearInterval(timer) }
    for (const s of lab.labStreams) if (s.kind === 'preparation') send(s.res, 'preparation', p)
  }, 500)
  return lab.preparation
}

// --- routes ----------------------------------------------------------------------------------------------------------
async function answer(req, url, body, res) {
  const path = url.pathname.replace(/^\/api\/v1/, '')
  const seg = path.split('/').slice(1).map(decodeURIComponent)
  const is = `${req.method} /${seg[0] ?? ''}`
  const cookie = /pglab_session=([^;]+)/.exec(req.headers.cookie ?? '')?.[1]
  const login = cookie ? decodeURIComponent(cookie) : null
  const mode = (what) => new RegExp(`mock_${what}=(\\w+)`).exec(req.headers.cookie ?? '')?.[1] ?? { identity: 'local', programs: 'none' }[what]
  const person = PEOPLE.find((p) => p.login === login) ?? (login && [...labs.values()].some((l) => l.members.some((m) => m.login === login)) ? { id: '1', login, name: login, role: 'student' } : null)
  const student = person?.role === 'student'
  const json = () => JSON.parse(body.toString('utf8') || '{}')

  if (is === 'GET /session') return ok(person ? { signed_in: true, person, must_change_password: false, csrf_token: 'mock', may: person.role === 'admin' ? ['lab_create', 'person_manage', 'system_view'] : person.role === 'instructor' ? ['lab_create'] : [] } : { signed_in: false })
  if (is === 'POST /session') {
    const wanted = json().login
    if (wanted === 'slow') return { ...problem(429, 'rate_limited', 'Too many tries.'), headers: { 'Retry-After': '30' } }
    const found = PEOPLE.find((p) => p.login === wanted)
    if (!found) return problem(401, 'not_signed_in', 'The login or the password is wrong.')
    return { status: 200, body: { signed_in: true, person: found, must_change_password: false, csrf_token: 'mock', may: found.role === 'admin' ? ['lab_create', 'person_manage', 'system_view'] : [] }, headers: { 'Set-Cookie': `pglab_session=${wanted}; Path=/; HttpOnly` } }
  }
  if (is === 'DELETE /session') return { status: 204, headers: { 'Set-Cookie': 'pglab_session=; Path=/; Max-Age=0' } }
  if (seg[0] === 'claims') {
    const lab = labs.get('harbour'), m = lab.members[0]
    const st = seg[1] === 'used' ? 'used' : seg[1] === 'old' ? 'expired' : 'fresh'
    if (seg[1] === 'nothing') return problem(404, 'not_found', 'There is no such link. Ask for a new one.')
    return req.method === 'GET' ? ok({ login: m.login, name: m.name, lab: { slug: lab.slug, title: lab.title }, state: st }) : ok({ kit: { ...kit(lab, m), password: m.secret } })
  }
  if (seg[0] === 'join' && seg[1] && seg[1] !== 'account') return seg[1] === 'NOTHING' ? problem(422, 'invalid', 'The code does not work: it is unknown, revoked, expired or used up.') : ok({ lab: { slug: 'night', title: 'The night of the amber' }, accounts: true })
  if (!person) return problem(401, 'not_signed_in', 'Nobody is signed in.')
  if (path === '/me' && req.method === 'GET') return ok({ ...person, password: { initial: student, differs_since: login === 'alan' ? iso(900) : null } })
  if (path === '/me/password') return json().old_password === 'wrong' ? problem(422, 'invalid', 'The old password is not right.') : none()
  if (path === '/join') return ok({ lab: { slug: 'night', title: 'The night of the amber' }, already: false })
  if (seg[0] === 'tokens') {
    if (req.method === 'GET') return ok({ items: tokens, next: null })
    if (req.method === 'POST') { const t = { id: id(), scopes: ['read', 'write'], created_at: iso(), last_used_at: null, expires_at: null, revoked_at: null, ...json() }; tokens.push(t); return ok({ ...t, token: 'pgl_k2v8Qd0YtXo3mJb1Zs5hRf7cWn9aLe4u' }, 201) }
    const t = tokens.find((each) => each.id === seg[1]); if (t) t.revoked_at = iso(); return none()
  }
  if (seg[0] === 'people') {
    if (req.method === 'GET') { const q = (url.searchParams.get('query') ?? '').toLowerCase(); return ok({ items: PEOPLE.filter((p) => `${p.name} ${p.login}`.toLowerCase().includes(q)).slice(0, 50), next: null }) }
    if (req.method === 'POST') { const p = { id: id(), disabled_at: null, email: null, ...json() }; PEOPLE.push(p); return ok({ ...p, initial_password: 'cedar-otter-41' }, 201) }
    const p = PEOPLE.find((each) => each.login === seg[1]); const { disabled, ...rest } = json(); Object.assign(p, rest); if (disabled !== undefined) p.disabled_at = disabled ? iso() : null; return ok(p)
  }
  if (seg[0] === 'system') {
    const workers = [['instances', 30], ['examples', 5], ['labs that end', 10], ['accounts', 60], ['board', 1], ['error feed', 0.5], ['watcher', 1], ['passwords', 10]]
    return ok({ version: '0.1.0', started_at: iso(5400), leader: true, postgres: { version: '15.18', connections: 41, max_connections: 500, role: 'pglab', superuser: true, may_end_sessions: true, may_see_passwords: true, log_destination: 'jsonlog', logging_collector: true, in_recovery: false, open_databases: ['shop'] }, reconcilers: workers.map(([name, period_s], i) => ({ name, about: `What ${name} is for`, period_s, last_run_at: iso(4 + i), last_result: 'nothing to do', ...(i === 5 ? { last_error: 'permission denied for function pg_read_file', failing_since: iso(300) } : {}) })), live: { n_databases: 40, n_waiting: 2, n_looking: 3 }, n_boards: 1, n_readers: 2 })
  }
  if (path === '/identity') return ok(IDENTITY[mode('identity')])
  if (path === '/identity/test') {
    const wanted = json()
    const steps = STEPS[mode('identity')](wanted)
    return ok({ passed: steps.every((each) => each.passed), steps })
  }
  if (path === '/monitoring/state') return ok({ programs: PROGRAMS[mode('programs')] })
  if (path === '/labs' && req.method === 'GET') {
    const all = [...labs.values()].filter((l) => !student || l.members.some((m) => m.login === login))
    return ok({ items: process.env.MOCK_EMPTY || login === 'ines' ? [] : all.slice(0, student ? 1 : 99).map((l) => ({ slug: l.slug, title: l.title, state: l.state, role: student ? 'student' : 'instructor', n_members: l.members.length, created_at: l.created_at, may: MAY(l) })), next: null })
  }
  if (path === '/labs') {
    const wanted = json()
    if (labs.has(wanted.slug)) return problem(409, 'conflict', `There is a lab "${wanted.slug}" already; choose another short name.`, { fields: [{ path: 'slug', message: 'taken' }] })
    const lab = makeLab(wanted.slug, wanted.title, 0, 'draft', [])
    labs.set(lab.slug, lab)
    return ok(labJson(lab), 201)
  }
  if (['packs', 'challenges', 'activity'].includes(seg[0])) return answerChallenges({ req, url, seg, labs, json, body, ok, none, problem })
  if (seg[0] !== 'labs') return problem(404, 'not_found', 'There is no such thing.')
  const lab = labs.get(seg[1])
  if (!lab) return problem(404, 'not_found', `There is no lab "${seg[1]}". It may have been deleted.`)
  const what = seg[2]
  const stream = (kind, first) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    send(res, kind, first)
    const entry = { res, kind }
    lab.labStreams.add(entry)
    res.on('close', () => lab.labStreams.delete(entry))
    return null
  }
  const about = answerChallenges({ req, url, seg, lab, login, student, json, body, ok, none, problem, stream })
  if (about) return about
  if (about === null) return null
  if (!what) {
    if (req.method === 'GET') return ok(labJson(lab))
    if (req.method === 'DELETE') { labs.delete(lab.slug); return none() }
    const wanted = json()
    Object.assign(lab, { title: wanted.title ?? lab.title, start: wanted.start ?? lab.start, settings: { ...lab.settings, ...wanted.settings } })
    return ok(labJson(lab))
  }
  if (['open', 'close', 'archive'].includes(what)) { lab.state = { open: 'open', close: 'closed', archive: 'archived' }[what]; return ok(labJson(lab)) }
  if (what === 'example') {
    if (seg[3] === 'schema') return ok(expected)
    if (seg[3] === 'events') return stream('example', lab.example)
    if (req.method === 'GET') return ok(lab.example)
    return ok(loadExample(lab, url.searchParams.get('name') ?? 'database', body.length, /broken/.test(url.searchParams.get('name') ?? '')), 202)
  }
  if (what === 'start-dump') return ok({}, 202)
  if (what === 'history') return ok(history(lab))
  if (what === 'tasks') {
    if (!seg[3] && req.method === 'GET') return ok({ items: lab.tasks, next: null })
    if (!seg[3]) { const t = json(); const task = { id: id(), key: `own:${ids}`, explanation: '', position: lab.tasks.length, ...t, checks: t.checks.map((c) => ({ id: id(), kind: c.kind, title: c.title ?? `${c.kind} ${c.table?.name ?? ''}`, explanation: '', weight: c.weight ?? 1 })) }; lab.tasks.push(task); return ok(task, 201) }
    if (seg[3] === 'order') { const order = json().tasks; lab.tasks.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id)); return none() }
    if (seg[3] === 'derive') return ok({ items: lab.tasks, next: null })
    const task = lab.tasks.find((t) => t.id === seg[3])
    if (!task) return problem(404, 'not_found', 'There is no such task.')
    if (req.method === 'DELETE') { if (seg[4]) task.checks = task.checks.filter((c) => c.id !== seg[5]); else lab.tasks = lab.tasks.filter((t) => t !== task); return none() }
    const { checks, ...rest } = json()
    Object.assign(task, rest)
    for (const c of checks ?? []) Object.assign(task.checks.find((each) => each.id === c.id) ?? {}, c)
    return ok(task)
  }
  if (what === 'roster') return roster(lab, body.toString('utf8'), url.searchParams.get('dry_run') === 'true')
  if (what === 'prepare') return ok(prepare(lab), 202)
  if (what === 'preparation') return seg[3] === 'events' ? stream('preparation', lab.preparation) : ok(lab.preparation)
  if (what === 'credentials') return ok({ items: lab.members.map((m) => ({ login: m.login, name: m.name, section: m.section, seat: m.seat, password: m.password === 'initial' ? m.secret : null, state: m.password, database: m.instance.database, uri: kit(lab, m).uri, claim_url: m.claim ?? null })), next: null })
  if (what === 'claim-links') {
    const logins = json().logins
    return ok({ items: lab.members.filter((m) => m.password === 'initial' && (!logins || logins.includes(m.login))).map((m) => { m.claim = `http://127.0.0.1:${PORT}/claim/c_${m.login.slice(0, 3)}${(m.secret.length * 7919).toString(36)}xk29`; return { login: m.login, url: m.claim, expires_at: iso(-86400 * 7), qr_svg: QR(m.claim) } }), next: null })
  }
  if (what === 'board') {
    if (seg[3] === 'events') {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
      send(res, 'board', board(lab), lab.sequence)
      lab.streams.add(res)
      res.on('close', () => lab.streams.delete(res))
      return null
    }
    return ok(board(lab))
  }
  if (what === 'results') return ok({ lab: lab.slug, title: lab.title, max_score: lab.tasks.reduce((s, t) => s + t.points, 0), students: lab.members.map((m) => row(lab, m)).map((r) => ({ ...r, tasks: r.tasks.map((t) => ({ key: t.id, title: t.title, points: t.score, max_points: t.max_score, completed_at: t.completed_at })) })) })
  if (what === 'me') {
    const m = lab.members.find((each) => each.login === login)
    if (!m) return problem(403, 'forbidden', 'You are no student of this lab.')
    return ok({ lab: { slug: lab.slug, title: lab.title, state: lab.state }, kit: kit(lab, m), member: row(lab, m, true), class: { median_score: median(lab), max_score: 0, n_members: lab.members.length, per_task: lab.tasks.map((t) => ({ id: t.id, done: lab.members.filter((each) => each.completed.has(t.id)).length })) }, hand: m.hand, enforced: login === 'alan' ? [{ at: iso(140), text: 'A statement ran for longer than 60 s, and was cancelled.' }] : [], may: ['reset', 'raise_hand', ...(lab.slug === 'night' ? ['standings'] : [])] })
  }
  if (what === 'members') {
    if (!seg[3]) return ok({ items: [...lab.members.map((m) => ({ login: m.login, name: m.name, email: m.email, section: m.section, seat: m.seat, role: m.role, removed_at: m.removed_at, instance: m.instance, password: m.password, hand: m.hand }))], next: null })
    const m = lab.members.find((each) => each.login === seg[3])
    if (!m) return problem(404, 'not_found', `There is nobody "${seg[3]}" in this lab.`)
    if (seg[4] === 'schema') return ok({ expected, found: snapshot(expected.tables.filter((_, i) => (m.passed.get(lab.tasks[i]?.id) ?? 0) !== 0).map((t, i) => (i % 3 === 1 ? { ...t, columns: t.columns.map((c, j) => (j === 1 ? { ...c, type: 'text' } : c)), foreign_keys: [] } : t))) })
    if (seg[4] === 'kit') return ok(kit(lab, m))
    if (seg[4] === 'hand') { m.hand = req.method === 'DELETE' ? null : { raised_at: iso(), why: json().why ?? null }; told(lab, m); return none() }
    if (seg[4] === 'reset') { m.passed.clear(); told(lab, m); return { status: 202, body: {} } }
    if (seg[4] === 'password') { m.password = 'initial'; m.secret = 'lunar-river-77'; return ok({ password: m.secret }) }
    if (req.method === 'DELETE') { m.removed_at = iso(); return none() }
    if (req.method === 'PATCH') { Object.assign(m, json()); return ok(m) }
    return ok({ ...row(lab, m, true), timeline: m.timeline.slice(0, 40), errors: m.errors, connections: m.activity.connections ? [{ pid: 20417, application: 'psql', client: '127.0.0.1', state: 'active', since: iso(12), query: 'SELECT h.name, count(*) AS berths\nFROM harbour h JOIN berth b USING (harbour_id)\nGROUP BY h.name ORDER BY 2 DESC;' }] : [], kit: kit(lab, m) })
  }
  return problem(404, 'not_found', 'There is no such thing.')
}

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' }
createServer((req, res) => {
  const url = new URL(req.url, `http://127.0.0.1:${PORT}`)
  if (!url.pathname.startsWith('/api/')) {
    // The built pages, as the binary serves them: every other address is the page itself.
    const file = join(DIST, normalize(url.pathname))
    const real = extname(file) && existsSync(file) ? file : join(DIST, 'index.html')
    res.writeHead(200, { 'Content-Type': TYPES[extname(real)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP })
    res.end(readFileSync(real))
    return
  }
  const parts = []
  req.on('data', (part) => parts.push(part))
  req.on('end', async () => {
    try {
      const a = await answer(req, url, Buffer.concat(parts), res)
      if (a === null) return
      res.writeHead(a.status, { 'Content-Type': a.problem ? 'application/problem+json' : 'application/json', ...a.headers })
      res.end(a.body === undefined ? undefined : JSON.stringify(a.body))
    } catch (error) {
      console.error(req.method, req.url, error)
      res.writeHead(500, { 'Content-Type': 'application/problem+json' })
      res.end(JSON.stringify({ status: 500, code: 'internal', title: 'internal', detail: String(error) }))
    }
  })
})
  .on('upgrade', (req, socket) => consoleOf(req, socket, { search_path: ['public'], functions: [], tables: Object.entries(SCHEMA).map(([n, t]) => ({ schema: 'public', name: n, kind: 'table', estimate: 120, comment: null, columns: t.columns.map(([c, type, nn]) => ({ name: c, type, not_null: nn === 1, default: null })), keys: [{ kind: 'primary', name: `${n}_pkey`, columns: t.pk, ref_schema: null, ref_table: null, ref_columns: null }, ...(t.fk ?? []).map(([c, rt, rc]) => ({ kind: 'foreign', name: `${n}_${c}_fkey`, columns: [c], ref_schema: 'public', ref_table: rt, ref_columns: [rc] }))] })) }))
  .listen(PORT, '127.0.0.1', () => console.log(`pretend pglab on http://127.0.0.1:${PORT}`))
