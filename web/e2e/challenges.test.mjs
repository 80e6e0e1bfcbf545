// Challenges in a real browser: the three example packs, installed from the command line into a fresh pglab, become labs. A
// student solves a task of every kind (query; state, behaviour, assert, plan, checkboxes; choice, text, flag), reads each time
// what was wrong with a wrong answer, pays for hints, and stands in the standings, live and for everybody to see.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BINARY, startBrowser, startPglab } from './server.mjs'

const OUT = new URL('../test-results/', import.meta.url).pathname
const PACKS = fileURLToPath(new URL('../../examples/packs/', import.meta.url))
const LABS = [
  { slug: 'course', title: 'SQL from the start', pack: 'harbour-sql', n: 40 },
  { slug: 'yard', title: 'The repair yard', pack: 'harbour-design', n: 12 },
  { slug: 'night', title: 'The night', pack: 'harbour-mystery', n: 9 },
]

// The mystery.
const DEPARTURE = 'FROM cargo JOIN sailing ON sailing.id = cargo.sailing_id LEFT JOIN ship ON ship.id = sailing.ship_id'
const RIGHT = `SELECT sailing.id, ship.name, sailing.departs_at ${DEPARTURE} WHERE description ILIKE '%amber%'`
const NOT_ALWAYS = `SELECT sailing.id, ship.name, sailing.departs_at ${DEPARTURE} WHERE description LIKE '%Amber%'`
const FLAG = `SELECT substr(contents, strpos(contents, 'note: ') + 6) FROM locker
  JOIN crew_member ON crew_member.id = locker.crew_member_id WHERE crew_member.name = 'Paulo Figueiredo'`

// The repair yard.
const KEYS = `ALTER TABLE port ADD PRIMARY KEY (code), ALTER COLUMN name SET NOT NULL, ADD UNIQUE (name);
ALTER TABLE ship ADD PRIMARY KEY (id), ALTER COLUMN name SET NOT NULL, ADD UNIQUE (name);`
const HOME_TOO_STRICT = 'ALTER TABLE ship ADD CONSTRAINT home_is_a_port FOREIGN KEY (home) REFERENCES port;'
const HOME = `ALTER TABLE ship DROP CONSTRAINT home_is_a_port,
  ADD FOREIGN KEY (home) REFERENCES port ON UPDATE CASCADE ON DELETE SET NULL;`
const MECHANICS_TWICE = `CREATE TABLE mechanic (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, phone text);
INSERT INTO mechanic (name, phone) SELECT mechanic, mechanic_phone FROM sheet;`
const MECHANICS = `TRUNCATE mechanic;
INSERT INTO mechanic (name, phone) SELECT DISTINCT mechanic, mechanic_phone FROM sheet;`
const JOBS = `CREATE TABLE job (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ship_id integer, started date, cost numeric(10,2));
INSERT INTO job (ship_id, started, cost) SELECT ship.id, sheet.started::date, replace(nullif(sheet.cost, ''), ',', '.')::numeric
FROM sheet JOIN ship ON ship.name = sheet.ship; ANALYZE job;`
const JOBS_INDEX = 'CREATE INDEX ON job (ship_id, started);'

let pglab
let browser
let folder
let student
let staff
const complaints = []

before(async () => {
  pglab = await startPglab()
  folder = await mkdtemp(join(tmpdir(), 'pglab-challenges-'))
  browser = await startBrowser()
  const password = await classes()
  student = await signIn('ada', password)
  staff = await signIn(pglab.admin.login, pglab.admin.password)
})
after(async () => {
  await browser?.close()
  await pglab?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** One command of ours, as somebody at a terminal would run it. */
async function command(args, input = '') {
  const child = spawn(BINARY, args, {
    env: { ...process.env, XDG_CONFIG_HOME: folder },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(input)
  let out = ''
  let complaint = ''
  child.stdout.on('data', (part) => (out += part))
  child.stderr.on('data', (part) => (complaint += part))
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(code, 0, `pglab ${args.join(' ')}: ${complaint}`)
  return out
}

/** From the three packs to three open labs; gives the student's password. */
async function classes() {
  const { url, admin } = pglab
  await command(['login', '--url', url, '--login', admin.login, '--password-stdin'], admin.password)
  const roster = join(folder, 'roster.csv')
  await writeFile(roster, 'login,name\nada,Ada Lovelace\ngrace,Grace Hopper\n')
  for (const { slug, title, pack, n } of LABS) {
    assert.match(await command(['pack', 'install', join(PACKS, pack)]), new RegExp(`installed ${pack} .*${n} tasks`))
    await command(['lab', 'create', '--slug', slug, '--title', title, '--pack', pack])
    await command(['roster', 'import', slug, roster])
    await command(['lab', 'prepare', slug])
    await command(['lab', 'open', slug])
  }
  const people = JSON.parse(await command(['credentials', 'course', '--json'])).items
  return people.find((person) => person.login === 'ada').password
}

async function signIn(login, password) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: pglab.url })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto('/sign-in')
  await page.getByLabel('Login').fill(login)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.pathname !== '/sign-in')
  return page
}

/** A test whose failure leaves a picture of what the student saw. */
function walk(name, steps) {
  test(name, { timeout: 300_000 }, async () => {
    try {
      await steps()
      assert.deepEqual(complaints, [])
    } catch (error) {
      await mkdir(OUT, { recursive: true })
      await student.screenshot({ path: join(OUT, `challenges-${name.replaceAll(/[^a-z]+/g, '-')}.png`), fullPage: true })
      throw error
    }
  })
}

/** The line of a task by how its title begins; a colon stands after the whole of it. */
const named = (title) => new RegExp(`^${title.replace(':', '\\s*:')}`)
const task = (title) => student.getByRole('listitem').filter({ has: student.getByRole('button', { name: named(title) }) })
const show = (title) => student.getByRole('button', { name: named(title) }).click()
const send = (within, name = 'Answer') => within.getByRole('button', { name, exact: true }).click()
const done = (title) => student.locator('li[data-state=done]').filter({ hasText: title }).waitFor()

/** In an editor of SQL, in the place of what is there. */
async function write(editor, sql) {
  await editor.click()
  await student.keyboard.press('ControlOrMeta+A')
  await student.keyboard.insertText(sql)
}

/** Runs a script in the console, and waits until its last statement has answered. */
let nth = 0
async function run(sql) {
  const mark = `done ${(nth += 1)}`
  await write(student.getByRole('textbox', { name: 'SQL', exact: true }), `${sql}\nSELECT '${mark}';`)
  await student.keyboard.press('ControlOrMeta+Enter')
  await student.getByRole('gridcell', { name: mark }).waitFor()
}

walk('a query on the page: wrong rows are shown, then it is right', async () => {
  await student.goto('/labs/course/me')
  await show('All the ports')
  const ports = task('All the ports')
  await write(ports.getByLabel('Your query for All the ports'), "SELECT name, island FROM port WHERE code <> 'NOR'")
  await send(ports)
  await ports.getByText('Missing in your result').waitFor()
  await ports.getByText(/^Compared: /).waitFor()
  await ports.getByRole('button', { name: 'Take a hint for 1 point' }).click()
  await ports.getByText(/Two column names after SELECT/).waitFor()
  await write(ports.getByLabel('Your query for All the ports'), 'SELECT name, island FROM port')
  await send(ports)
  await ports.getByText('After SELECT stand the columns that you want').first().waitFor()
  await done('All the ports')
})

walk('state, behaviour, assert, plan and checkboxes, beside the console', async () => {
  await student.goto('/labs/yard/workspace')

  // A state: it turns by itself. First the foreign key is there, and does not do what was asked.
  await run(`${KEYS}\n${HOME_TOO_STRICT}`)
  await done('Keys of ports and ships')
  // What one works on is open by itself.
  const home = task('The home port:')
  await home.getByText('Nothing to send: it turns by itself').waitFor()
  await home.getByText('Found', { exact: true }).waitFor()

  // A behaviour, tried in the database as it is now, and then as it should be.
  await show('The home port at work')
  const works = task('The home port at work')
  await send(works, 'Look at my database')
  await works.getByText('when Norhavn gets another code, its ships follow').first().waitFor()
  await run(HOME)
  await send(works, 'Look at my database')
  await done('The home port at work')
  await done('The home port:')

  // An assertion, with a hint that costs 3.
  await show('Each mechanic once')
  const mechanics = task('Each mechanic once')
  await mechanics.getByRole('button', { name: 'Take a hint for 3 points' }).click()
  await mechanics.getByText(/SELECT DISTINCT/).first().waitFor()
  await run(MECHANICS_TWICE)
  await send(mechanics, 'Look at my database')
  await mechanics.getByText('the table has one row per mechanic of the sheet').first().waitFor()
  await run(MECHANICS)
  await send(mechanics, 'Look at my database')
  await done('Each mechanic once')

  // A plan.
  await show('The history of a ship')
  const plan = task('The history of a ship')
  await run(JOBS)
  await send(plan, 'Look at my database')
  await plan.getByText(/Seq Scan/).first().waitFor()
  await run(JOBS_INDEX)
  await send(plan, 'Look at my database')
  await done('The history of a ship')

  // Checkboxes: all of them, and only them.
  await show('Which constraints allow NULL')
  const boxes = task('Which constraints allow NULL')
  await boxes.getByLabel('UNIQUE').check()
  await boxes.getByLabel('FOREIGN KEY').check()
  await send(boxes)
  await boxes.getByText('That is not it.').waitFor()
  await boxes.getByLabel('CHECK (cost >= 0)').check()
  await send(boxes)
  await done('Which constraints allow NULL')
})

walk('choice, text, query and flag of a mystery', async () => {
  await student.goto('/labs/night/me')

  // A choice: wrong, then right.
  await show('Whose badge')
  const badge = task('Whose badge')
  await badge.getByLabel('The owner lied about the loss').check()
  await send(badge)
  await badge.getByText('That is not it.').waitFor()
  await badge.getByLabel(/Nothing: the badge/).check()
  await send(badge)
  await badge.getByText('A log says which badge passed, not who carried it.').first().waitFor()
  await done('Whose badge')

  // A text, with a hint that is free.
  await show('Who reported it')
  const reporter = task('Who reported it')
  await reporter.getByRole('button', { name: 'Take a hint' }).click()
  await reporter.getByText(/museum in incident.summary/).waitFor()
  await reporter.getByLabel('Your answer to Who reported it').fill('Davor')
  await send(reporter)
  await reporter.getByText('That is not it.').waitFor()
  await reporter.getByLabel('Your answer to Who reported it').fill('davor petković')
  await send(reporter)
  await done('Who reported it')

  // A query beside the console: right on what can be seen and wrong on what can't, then right, with a hint that costs 2.
  await student.getByRole('link', { name: 'Open the SQL console' }).click()
  await student.waitForURL('**/workspace')
  await show('The crate')
  const crate = task('The crate')
  await crate.getByRole('button', { name: 'Take a hint for 2 points' }).click()
  await crate.getByText(/ILIKE/).waitFor()
  const query = crate.getByLabel('Your query for The crate')
  await write(query, 'SELECT 1')
  await send(crate)
  await crate.getByText('expected 3 columns, found 1 column').waitFor()
  await write(query, NOT_ALWAYS)
  await send(crate)
  await crate.getByText(/^Not yet(?!.*columns)/).waitFor()
  await write(query, RIGHT)
  await send(crate)
  await done('The crate')

  // The flag is in this student's own database, found with the console.
  await write(student.getByRole('textbox', { name: 'SQL', exact: true }), FLAG)
  await student.keyboard.press('ControlOrMeta+Enter')
  const flag = student.getByRole('gridcell').first()
  await flag.waitFor()
  const found = (await flag.innerText()).trim()
  assert.notEqual(found, '')
  await show('The note')
  const note = task('The note')
  await note.getByLabel('Your answer to The note').fill(`${found}x`)
  await send(note)
  await note.getByText('That is not it.').waitFor()
  await note.getByLabel('Your answer to The note').fill(found)
  await send(note)
  await done('The note')
})

walk('who did all that stands in the standings', async () => {
  await student.goto('/labs/night/standings')
  await student.getByText('its instructor has not switched it on').waitFor()
  // 5 less the hint; 15, 10, 10, 15 less 3, 10 and 5; 5 and 5, 10 less the hint, 20.
  const worth = { course: '4', yard: '62', night: '38' }
  for (const { slug } of LABS) {
    await staff.goto(`/labs/${slug}/settings`)
    await staff.getByLabel('Students see the standings').check()
    await staff.getByRole('button', { name: 'Save the rules' }).click()
    await staff.getByText('The rules are saved.').first().waitFor()
    for (const page of [staff, student]) {
      await page.goto(`/labs/${slug}/standings`)
      const row = page.getByRole('row', { name: /Ada Lovelace/ })
      await row.waitFor()
      const cells = (await row.getByRole('cell').allInnerTexts()).map((text) => text.trim().split(/\s/)[0])
      assert.deepEqual(cells.slice(0, 3), ['1', 'Ada', worth[slug]])
    }
  }

  // Live: points that are given appear by themselves, for both who look.
  await staff.goto('/labs/night/standings')
  const row = (page) => page.getByRole('row', { name: /Ada Lovelace/ })
  await row(staff).waitFor()
  await row(student).waitFor()
  const session = await (await staff.request.get('/api/v1/session')).json()
  const award = await staff.request.post('/api/v1/labs/night/awards', {
    headers: { 'X-CSRF-Token': session.csrf_token, Origin: pglab.url },
    data: { login: 'ada', points: 7, reason: 'the best question of the evening' },
  })
  assert.equal(award.status(), 204, await award.text())
  for (const page of [staff, student]) await row(page).getByRole('cell', { name: '45', exact: true }).waitFor()
})
