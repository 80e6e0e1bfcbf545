// Of the pretend pglab: a lab made of a pack, with tasks of every kind, standings, attempts, rules, and the packs themselves.
// State in memory, as in mock.mjs, which asks here first.

const QUESTIONS = [
  ['the-crate', 'The crate', 'query', 10, 'Find the cargo whose description contains the word amber, however it is capitalised, and list the id of its sailing, the name of the ship and the time of departure.', { hints: [['Compare with ILIKE.', 2]] }],
  ['who-reported', 'Who reported it', 'text', 5, 'An incident was reported about the museum’s crate. What is the name of the crew member who reported it?', { format: 'a name', hints: [['Look for the word museum in incident.summary.', 0]] }],
  ['home-port', 'The home port', 'state', 10, 'ship.home holds the code of a port. Make that a rule: when a port’s code changes, the ships follow.', { sent: false }],
  ['home-port-works', 'The home port at work', 'behaviour', 10, 'What must happen to the ships when ports change.', { sent: false }],
  ['mechanics', 'Each mechanic once', 'assert', 15, 'Make a table mechanic with the columns id, name and phone: each mechanic once, with their phone.', { sent: false, hints: [['INSERT INTO mechanic (name, phone) SELECT DISTINCT …', 3]] }],
  ['history', 'The history of a ship, quickly', 'plan', 10, 'Make the query find its rows without reading the whole table.', { sent: false }],
  ['whose-badge', 'Whose badge', 'choice', 5, 'Badge 7036 opened the gate eight minutes before the crate departed. What does that say about its owner?', { options: ['The owner was there, the log proves it', 'Nothing: the badge was reported as lost before', 'The owner lied about the loss'] }],
  ['contradiction', 'Statements', 'checkboxes', 10, 'Which of these can’t be true together with the gate log?', { options: ['3: I went to bed as soon as we were tied up.', '16: I did not leave the engine room until midnight.', '36: I lost my badge in May and reported it.'], attempts: 3 }],
  ['the-note', 'The note', 'flag', 20, 'Look into the culprit’s locker. What is written on the note?', {}],
]

/** As `deriveTasks` of mock.mjs makes them. */
export const questionTasks = (id) =>
  QUESTIONS.map(([component, title, kind, points, text, more], position) => ({
    id: id(), key: `pack:harbour-mystery/night-of-the-amber/${component}`, title, explanation: text, points, position,
    checks: [{ id: id(), kind: 'answer', title: `${title} is answered`, explanation: '', weight: 1 }],
    question: { kind, text, ...more },
  }))

const PACKS = [
  ['harbour-sql', 'SQL on the harbour', '1.2.0', 'A beginner’s course of 40 tasks over the harbour’s database, in rising difficulty, each with an explanation.', 482_113, ['course', 'databases-101'], [['look', 'Looking', 'easy', 5, ['query']], ['filter', 'Filtering', 'easy', 5, ['query']], ['sort', 'Sorting', 'easy', 5, ['query']], ['count', 'Counting', 'medium', 5, ['query']], ['join', 'Joining', 'medium', 5, ['query']], ['join-and-count', 'Joining and counting', 'medium', 5, ['query']], ['subquery', 'Queries within queries', 'hard', 5, ['query']], ['beyond', 'Windows and recursion', 'very_hard', 5, ['query']]]],
  ['harbour-design', 'The repair yard', '1.0.0', 'From a spreadsheet to tables with keys and rules: a lab of schema design.', 18_400, [], [['repair-yard', 'The repair yard', 'medium', 12, ['state', 'behaviour', 'assert', 'plan', 'choice', 'checkboxes']]]],
  ['harbour-mystery', 'The night of the amber', '1.0.1', 'A crate of amber arrives full of gravel. A mystery to solve with queries, and a flag in everybody’s own database.', 491_020, ['night'], [['night-of-the-amber', 'The night of the amber', 'hard', 9, ['query', 'text', 'choice', 'checkboxes', 'flag']]]],
]

const iso = (secondsAgo = 0) => new Date(Date.now() - secondsAgo * 1000).toISOString()
const rulesOf = (lab) => (lab.rules ??= { opens_at: null, due_at: null, late: { grace_s: 0, once_percent: 0, day_percent: 0, most_percent: 0 }, first_bonus: 0, answers_per_minute: 20, standings: lab.slug === 'night', frozen_at: null })
const isQuestion = (task) => task.question !== undefined

function standings(lab, revealed) {
  const worth = new Map(lab.tasks.map((task) => [task.id, task.points]))
  const rows = lab.members.filter((m) => !m.removed_at).map((m) => {
    const done = [...m.completed].filter(([task]) => worth.has(task)).map(([task, at]) => ({ task, points: worth.get(task), at })).sort((a, b) => a.at.localeCompare(b.at))
    return { id: m.id ?? m.login, login: m.login, name: m.name, ...(m.section && { section: m.section }), points: done.reduce((sum, each) => sum + each.points, 0), ...(done.length > 0 && { reached_at: done.at(-1).at }), done }
  })
  rows.sort((a, b) => b.points - a.points || (a.reached_at ?? '').localeCompare(b.reached_at ?? ''))
  const before = new Map()
  rows.forEach((row, at) => {
    before.set(row.section, (before.get(row.section) ?? 0) + 1)
    Object.assign(row, { rank: at + 1, section_rank: before.get(row.section) })
  })
  const { frozen_at } = rulesOf(lab)
  return { lab: lab.slug, title: lab.title, ...(frozen_at && { frozen_at }), revealed, tasks: lab.tasks.map(({ id, title, points }) => ({ id, title, points })), rows, computed_at: iso() }
}

/** A class that has worked for an hour: completions have their times. */
export function spread(lab) {
  lab.members.forEach((m, who) => {
    const all = lab.tasks.map((task) => task.id).filter((_, n) => (who * 7 + n * 5) % 11 > (who < 4 ? 2 : 4))
    m.completed.clear()
    for (const { id } of lab.tasks) m.passed.set(id, all.includes(id) ? 1 : 0)
    m.best.clear()
    all.forEach((task, n) => m.completed.set(task, iso(3600 - ((n + 1) * 3200) / (all.length + 1) - ((who * 37) % 200))))
  })
}

const hint = (number, [text, price]) => ({ number, text, price })
const answerTask = (lab, m) => (task) => {
  const { question } = task
  const taken = m?.hints?.get(task.id) ?? 0
  const done = m?.completed.get(task.id)
  return {
    id: task.id, challenge: 'The night of the amber', title: task.title, text: question.text, kind: question.kind, is_answered: question.sent !== false, points: task.points, format: question.format ?? '', options: question.options ?? [],
    ...(question.attempts && { attempts: question.attempts }), n_attempts: m?.tried?.get(task.id) ?? 0, ...(done && { done_at: done, explanation: 'A log says which badge passed, not who carried it.' }),
    hint_prices: (question.hints ?? []).map(([, price]) => price), hints: (question.hints ?? []).slice(0, taken).map((each, n) => hint(n, each)),
  }
}

const WRONG = {
  query: { message: 'Not yet: your result differs from what is expected.', verdict: { expected: '2 rows', found: '3 rows', contract: 'rows in any order, column names are free', rows: { columns: ['id', 'name', 'departs_at'], missing: [['46', 'Havsörnen', '2026-06-02 21:40:00+02']], extra: [['12', 'Gryningen', '2026-05-30 08:00:00+02'], ['31', null, '2026-06-01 17:15:00+02']] }, parts: [] } },
  behaviour: { message: 'Not yet: 1 of 2 holds.', verdict: { expected: '', found: '', contract: '', parts: [{ title: 'a ship can’t have an unknown port as its home', passed: true, expected: 'error 23503', found: 'error 23503' }, { title: 'when Norhavn gets another code, its ships follow', passed: false, expected: 'the row 2', found: 'the row 0' }] } },
}
const ANSWERS = ['Davor', 'SELECT 1', "SELECT sailing.id, ship.name FROM cargo JOIN sailing ON sailing.id = cargo.sailing_id\nWHERE description LIKE '%Amber%'", 'flag{2f1c9e7ab0}', ['UNIQUE', 'FOREIGN KEY'], 'The owner lied about the loss', null]

function attempts(lab) {
  return (lab.attempts ??= lab.members.slice(0, 18).flatMap((m, who) =>
    lab.tasks.slice(0, 5).map((task, n) => {
      const outcome = (who + n) % 3 === 0 ? 'right' : (who + n) % 7 === 6 ? 'unfit' : 'wrong'
      const at = iso(60 + who * 47 + n * 311)
      return { id: `att-${String(100_000 - (who * 47 + n * 311)).padStart(8, '0')}`, login: m.login, task: task.id, title: task.title, at, answer: ANSWERS[(who * 3 + n) % ANSWERS.length], outcome, message: outcome === 'right' ? 'Right.' : outcome === 'unfit' ? 'That can’t be read as an answer; it does not count.' : WRONG.query.message, ...(who === 4 && n === 3 && { flag_of: lab.members[0].login }) }
    }),
  ).sort((a, b) => b.at.localeCompare(a.at)))
}

const pack = ([id, name, version, description, size_bytes, labs, challenges]) => ({
  id, name, version, description, manifest: { id, name, version }, size_bytes, installed_at: iso(86400 * 12), updated_at: iso(86400 * 2), labs,
  challenges: challenges.map(([key, title, difficulty, n_tasks]) => ({ key, name: title, challenge_type: 'sql-lab', difficulty, n_tasks })),
})
const installed = new Map(PACKS.map((each) => [each[0], pack(each)]))
const libraryItem = (id) => ([key, title, difficulty, n_tasks, kinds]) => ({ pack: id, pack_name: installed.get(id)?.name ?? id, pack_version: installed.get(id)?.version ?? '', key, name: title, challenge_type: 'sql-lab', difficulty: difficulty.toUpperCase().replace('VERY_HARD', 'EXPERT'), description: 'Tasks over the harbour’s database.', tags: ['harbour'], n_tasks, points: n_tasks * 10, kinds, labs: id === 'harbour-mystery' ? ['night'] : [] })

const EVENTS = ['QUESTION_ATTEMPTED', 'QUESTION_COMPLETED', 'CHALLENGE_STARTED', 'USER_LOGGED_IN', 'ACCESS_CODE_INVALID', 'SYSTEM_WARNING', 'CHALLENGE_INSTANCE_CREATED']
const happened = (lab, n) => {
  const event = EVENTS[(n * 5) % EVENTS.length]
  const m = lab.members[(n * 3) % lab.members.length]
  const task = lab.tasks[n % lab.tasks.length]
  return { id: String(9000 - n), at: iso(n * 41), event, severity: event === 'SYSTEM_WARNING' ? 'WARNING' : event === 'ACCESS_CODE_INVALID' ? 'ERROR' : 'INFO', is_reported: false, ...(event !== 'SYSTEM_WARNING' && { login: m.login, name: m.name }), lab: lab.slug, ...(/QUESTION|CHALLENGE/.test(event) && { challenge: 'The night of the amber', task: { id: task.id, title: task.title } }), metadata: event === 'QUESTION_COMPLETED' ? { points: task.points } : event === 'SYSTEM_WARNING' ? { message: 'the list of pods timed out' } : {} }
}

const rejudged = (id, state, lab, task) => ({
  id, task: task.id, state, made_at: iso(300), made_by: 'ines', n_attempts: 41, n_left: 1, as_of_now: false, n_gain: 2, n_lose: 1,
  members: lab.members.slice(2, 6).map((m, n) => ({ login: m.login, n_counted: n === 3 ? -1 : 0, ...(n === 2 ? { points_before: 10, done_before: iso(2000) } : n === 3 ? { points_before: 10, points_after: 10, done_after: iso(1000) } : { points_after: 10, done_after: iso(900) }) })),
  attempts: lab.members.slice(2, 5).map((m, n) => ({ id: `r${n}`, login: m.login, at: iso(900 + n * 100), before: n === 2 ? 'right' : 'wrong', after: n === 2 ? 'wrong' : 'right', message: n === 2 ? WRONG.query.message : 'Right.' })),
})

/** The answer, or undefined where it is not about any of this. */
export function answerChallenges({ req, url, seg, lab, labs, login, student, json, body, ok, none, problem, stream }) {
  const what = seg[2]
  if (seg[0] === 'packs' && seg[2] !== 'challenges') {
    if (seg[1] && req.method === 'GET') return installed.has(seg[1]) ? ok(installed.get(seg[1])) : problem(404, 'not_found', 'There is no such pack.')
    if (seg[1] && req.method === 'DELETE') {
      const labs = installed.get(seg[1])?.labs ?? []
      if (labs.length > 0) return problem(409, 'conflict', `Labs were made of the pack "${seg[1]}": ${labs.join(', ')}; archive or delete them first.`)
      installed.delete(seg[1])
      return ok({ n_challenges_kept: 0 })
    }
    if (req.method === 'GET') return ok({ items: [...installed.values()], next: null })
    if (body.length < 600) return problem(422, 'invalid', 'This is no pack that can be used: 2 problems.', { fields: [{ path: 'challenges/yard.json: components[3].config.steps[0].expect', message: 'one of "error", "rows", "affected" or "success" is needed' }, { path: 'pack.json: version', message: '"1.x" is no version; write three numbers, as 1.0.0' }] })
    const diff = { old_version: '1.0.0', new_version: '1.1.0', manifest: [], added: ['night-watch'], removed: [], changed: [{ key: 'repair-yard', tasks_added: ['night-shift'], tasks_removed: [], tasks_changed: ['keys', 'jobs'], rest_changed: false }], files_added: [], files_removed: [], files_changed: ['shared_resources/yard.sql'] }
    const warnings = [{ file: 'challenges/repair-yard.json', path: 'components[2].config.hint', error: 'unknown key; kept as it is' }]
    if (seg[1] === 'check') return ok({ id: 'harbour-design', name: 'The repair yard', version: '1.1.0', warnings, diff })
    return ok({ pack: { ...installed.get('harbour-design'), version: '1.1.0' }, warnings, diff }, req.method === 'POST' ? 201 : 200)
  }
  if (seg[0] === 'activity') {
    const lab = labs.get(url.searchParams.get('lab'))
    const wanted = (key) => !url.searchParams.get(key) || url.searchParams.get(key)
    const all = lab.members.length === 0 ? [] : Array.from({ length: 40 }, (_, n) => happened(lab, n + 1))
    return ok({ items: all.filter((each) => ['event', 'severity', 'login'].every((key) => [true, each[key]].includes(wanted(key)))), next: null })
  }
  const preview = seg[0] === 'packs' && seg[2] === 'challenges'
  if (seg[0] === 'challenges' || preview) {
    const all = PACKS.filter(([id]) => installed.has(id)).flatMap(([id, , , , , , challenges]) => challenges.map(libraryItem(id)))
    if (!seg[1]) return ok({ items: all, next: null })
    const one = all.find((each) => each.pack === seg[1] && each.key === seg[3])
    if (!one) return problem(404, 'not_found', 'There is no such challenge.')
    return ok({ ...one, author: 'pglab', license: 'MIT', estimated_time: 45, learning_objectives: ['Joins over three tables', 'Relational division'], prerequisites: [], n_hidden_datasets: 2, tasks: QUESTIONS.filter(([, , kind]) => one.kinds.includes(kind)).map(([component, title, kind, points, text, more]) => ({ component, title, kind, points, text, is_answered: more.sent !== false, format: more.format ?? '', options: more.options ?? [], ...(more.attempts && { attempts: more.attempts }), hints: (more.hints ?? []).map((each, n) => hint(n, each)), explanation: 'A log says which badge passed, not who carried it.' })) })
  }
  if (!lab) return undefined
  if (what === 'access-codes') {
    const codes = (lab.codes ??= [{ id: '1', code: 'K7M2QX9A', url: 'http://127.0.0.1:7431/join/K7M2QX9A', works: true, expires_at: iso(-86400 * 3), max_uses: 40, used_count: 17, created_at: iso(86400) }, { id: '2', code: 'MIDTERM', url: '', works: false, used_count: 24, created_at: iso(86400 * 9), revoked_at: iso(86400 * 4) }])
    if (req.method === 'GET') return ok({ items: codes, next: null })
    if (req.method === 'DELETE') { Object.assign(codes.find((each) => each.code === seg[3]), { works: false, revoked_at: iso() }); return none() }
    codes.unshift({ id: String(codes.length + 1), code: 'QW4RTZ8P', url: 'http://127.0.0.1:7431/join/QW4RTZ8P', works: true, used_count: 0, created_at: iso(), ...json() })
    return ok(codes[0], 201)
  }
  const m = lab.members.find((each) => each.login === login)
  if (what === 'rules') {
    if (req.method === 'PUT') lab.rules = json()
    return ok(rulesOf(lab))
  }
  if (what === 'standings' || what === 'standings.csv') {
    if (student && !rulesOf(lab).standings) return problem(404, 'not_found', `There is no table of standings of the lab "${lab.slug}": its instructor has not switched it on.`)
    if (seg[3] === 'events') return stream('standings', standings(lab, !student && !url.searchParams.has('as_students')))
    return ok(standings(lab, !student && !url.searchParams.has('as_students')))
  }
  if (what === 'answers') return ok({ items: lab.tasks.filter(isQuestion).map(answerTask(lab, m)), next: null })
  if (what === 'tasks' && seg[4] === 'rejudgings') {
    const task = lab.tasks.find((each) => each.id === seg[3])
    const made = (lab.rejudged ??= [rejudged('2', 'preview', lab, task), { ...rejudged('1', 'applied', lab, task), applied_at: iso(7200) }])
    if (req.method === 'GET') return ok({ items: made, next: null })
    const one = made.find((each) => each.id === seg[5])
    if (seg[6] === 'apply') Object.assign(one, { state: 'applied', applied_at: iso() })
    if (seg[6] === 'undo') Object.assign(one, { state: 'undone', undone_at: iso() })
    return ok(one ?? made[0], one ? 200 : 201)
  }
  if (what === 'tasks' && seg[4] === 'hints') {
    const hints = (m.hints ??= new Map())
    hints.set(seg[3], Number(seg[5]) + 1)
    return ok(hint(Number(seg[5]), lab.tasks.find((task) => task.id === seg[3]).question.hints[Number(seg[5])]))
  }
  if (what === 'tasks' && seg[4] === 'answers') {
    const task = lab.tasks.find((each) => each.id === seg[3])
    const { answer } = json()
    const right = answer === 'right'
    if (right && m) m.completed.set(task.id, iso())
    return ok({ right, trial: !student, ...(right ? { message: 'Right.', earned: task.points, explanation: 'A log says which badge passed, not who carried it.' } : (WRONG[task.question.kind] ?? { message: 'That is not it.' })), verdict: (!right && WRONG[task.question.kind]?.verdict) || { expected: '', found: '', contract: '', parts: [] } })
  }
  if (what === 'attempts') {
    const wanted = (key) => url.searchParams.get(key)
    const before = wanted('before')
    const found = attempts(lab).filter((each) => (!wanted('task') || each.task === wanted('task')) && (!wanted('login') || each.login === wanted('login')) && (!wanted('outcome') || each.outcome === wanted('outcome')) && (!before || each.id < before))
    return ok({ items: found.slice(0, 60), next: found.length > 60 ? found[59].id : null })
  }
  if (what === 'challenges') {
    const all = ['look', 'filter', 'sort', 'count', 'join', 'subquery']
    if (lab.slug !== 'night') return problem(404, 'not_found', `There is no challenge in the lab "${lab.slug}": it was made of no pack, so its tasks are its own.`)
    if (req.method === 'PUT') lab.chosen = json().challenges
    const chosen = (lab.chosen ??= ['look', 'join', 'filter', 'count'])
    return ok({ pack: 'harbour-sql', pack_version: '1.2.0', chosen, others: all.filter((each) => !chosen.includes(each)) })
  }
  if (what === 'activity') return stream('activity', happened(lab, 0))
  if (what === 'similarity') {
    const [a, b, c] = lab.members
    if (!a) return ok({ items: [], next: null })
    const who = (m) => ({ login: m.login, name: m.name })
    const task = lab.tasks[0]
    const sql = ["SELECT sailing.id, ship.name, sailing.departs_at\nFROM cargo JOIN sailing ON sailing.id = cargo.sailing_id\nLEFT JOIN ship ON ship.id = sailing.ship_id\nWHERE description ILIKE '%amber%'", "select s.id, ship.name, s.departs_at from cargo join sailing s on s.id = cargo.sailing_id left join ship on ship.id = s.ship_id where description ilike '%amber%'"]
    return ok({ items: [
      { members: [who(a), who(b)], score: 15.5, answers: [{ task: task.id, title: task.title, distance: 4, n_tokens: 41, n_same: 2, at: [iso(1200), iso(1160)], answers: sql }], flags: [{ task: lab.tasks[8].id, title: lab.tasks[8].title, login: b.login, flag_of: a.login, at: iso(800) }], same_minute: lab.tasks.slice(2, 5).map((each) => ({ task: each.id, title: each.title, at: [iso(900), iso(880)] })) },
      { members: [who(b), who(c)], score: 4, answers: [{ task: task.id, title: task.title, distance: 0, n_tokens: 41, n_same: 3, at: [iso(1200), iso(300)], answers: [sql[0], sql[0]] }], flags: [], same_minute: [] },
    ], next: null })
  }
  if (what === 'awards') return none()
  return undefined
}
