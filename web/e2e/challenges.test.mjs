// Challenges in a real browser: a pack from the command line becomes a lab; a student answers wrong and reads why, pays for
// a hint, answers right beside the console, finds the flag in the own database, and stands in the standings.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { BINARY, startPglab } from './server.mjs'

const OUT = new URL('../test-results/', import.meta.url).pathname
const PACK = fileURLToPath(new URL('../../examples/packs/harbour-mystery', import.meta.url))
const DEPARTURE = 'FROM cargo JOIN sailing ON sailing.id = cargo.sailing_id LEFT JOIN ship ON ship.id = sailing.ship_id'
const RIGHT = `SELECT sailing.id, ship.name, sailing.departs_at ${DEPARTURE} WHERE description ILIKE '%amber%'`
const NOT_ALWAYS = `SELECT sailing.id, ship.name, sailing.departs_at ${DEPARTURE} WHERE description LIKE '%Amber%'`
const FLAG = `SELECT substr(contents, strpos(contents, 'note: ') + 6) FROM locker
  JOIN crew_member ON crew_member.id = locker.crew_member_id WHERE crew_member.name = 'Paulo Figueiredo'`

let pglab
let browser
let folder
const complaints = []

before(async () => {
  pglab = await startPglab()
  folder = await mkdtemp(join(tmpdir(), 'pglab-challenges-'))
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
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

async function aClass() {
  const { url, admin } = pglab
  await command(['login', '--url', url, '--login', admin.login, '--password-stdin'], admin.password)
  assert.match(await command(['pack', 'install', PACK]), /installed harbour-mystery .*9 tasks/)
  await command(['lab', 'create', '--slug', 'night', '--title', 'The night', '--pack', 'harbour-mystery'])
  await writeFile(join(folder, 'roster.csv'), 'login,name\nada,Ada Lovelace\ngrace,Grace Hopper\n')
  await command(['roster', 'import', 'night', join(folder, 'roster.csv')])
  await command(['lab', 'prepare', 'night'])
  await command(['lab', 'open', 'night'])
  const people = JSON.parse(await command(['credentials', 'night', '--json'])).items
  return people.find((person) => person.login === 'ada').password
}

async function signIn(login, password) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: pglab.url })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto('/sign-in')
  await page.getByLabel('Login').fill(login)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.pathname !== '/sign-in')
  return page
}

test('a mystery, from a pack to the standings', { timeout: 240_000 }, async () => {
  const password = await aClass()
  const page = await signIn('ada', password)
  try {
    const task = (title) => page.getByRole('listitem').filter({ has: page.getByRole('button', { name: new RegExp(`^${title}`) }) })
    const show = (title) => page.getByRole('button', { name: new RegExp(`^${title}`) }).click()

    // A choice: wrong, then right.
    await show('Whose badge')
    const badge = task('Whose badge')
    await badge.getByLabel('The owner lied about the loss').check()
    await badge.getByRole('button', { name: 'Answer' }).click()
    await badge.getByText('That is not it.').waitFor()
    await badge.getByLabel(/Nothing: the badge/).check()
    await badge.getByRole('button', { name: 'Answer' }).click()
    await badge.getByText('A log says which badge passed, not who carried it.').first().waitFor()
    await page.locator('li[data-state=done]').filter({ hasText: 'Whose badge' }).waitFor()

    // A text, with a hint that is free.
    await show('Who reported it')
    const reporter = task('Who reported it')
    await reporter.getByRole('button', { name: 'Take a hint' }).click()
    await reporter.getByText(/museum in incident.summary/).waitFor()
    await reporter.getByLabel('Your answer to Who reported it').fill('davor petković')
    await reporter.getByRole('button', { name: 'Answer' }).click()
    await page.locator('li[data-state=done]').filter({ hasText: 'Who reported it' }).waitFor()

    // A query beside the console: right on what can be seen and wrong on what can't, then right, with a hint that costs 2.
    await page.getByRole('link', { name: 'Open the SQL console' }).click()
    await page.waitForURL('**/workspace')
    await show('The crate')
    const crate = task('The crate')
    await crate.getByRole('button', { name: 'Take a hint for 2 points' }).click()
    await crate.getByText(/ILIKE/).waitFor()
    const answer = async (within, label, sql) => {
      await within.getByLabel(label).click()
      await page.keyboard.press('ControlOrMeta+A')
      await page.keyboard.insertText(sql)
      await within.getByRole('button', { name: 'Answer' }).click()
    }
    await answer(crate, 'Your query for The crate', 'SELECT 1')
    await crate.getByText('expected 3 columns, found 1 column').waitFor()
    await answer(crate, 'Your query for The crate', NOT_ALWAYS)
    await crate.getByText(/^Not yet(?!.*columns)/).waitFor()
    await answer(crate, 'Your query for The crate', RIGHT)
    await page.locator('li[data-state=done]').filter({ hasText: 'The crate' }).waitFor()

    // The flag is in this student's own database, found with the console.
    await page.getByRole('textbox', { name: 'SQL', exact: true }).click()
    await page.keyboard.insertText(FLAG)
    await page.keyboard.press('ControlOrMeta+Enter')
    const flag = page.getByRole('gridcell').first()
    await flag.waitFor()
    const found = (await flag.innerText()).trim()
    assert.notEqual(found, '')
    await show('The note')
    const note = task('The note')
    await note.getByLabel('Your answer to The note').fill(`${found}x`)
    await note.getByRole('button', { name: 'Answer' }).click()
    await note.getByText('That is not it.').waitFor()
    await note.getByLabel('Your answer to The note').fill(found)
    await note.getByRole('button', { name: 'Answer' }).click()
    await page.locator('li[data-state=done]').filter({ hasText: 'The note' }).waitFor()

    // 5 and 5, 10 less the hint, 20.
    await page.goto('/labs/night/standings')
    await page.getByText('its instructor has not switched it on').waitFor()
    const staff = await signIn(pglab.admin.login, pglab.admin.password)
    await staff.goto('/labs/night/standings')
    const row = staff.getByRole('row', { name: /Ada Lovelace/ })
    await row.waitFor()
    assert.deepEqual((await row.getByRole('cell').allInnerTexts()).slice(0, 3).map((text) => text.trim().split(/\s/)[0]), [
      '1',
      'Ada',
      '38',
    ])
    assert.deepEqual(complaints, [])
  } catch (error) {
    await mkdir(OUT, { recursive: true })
    await page.screenshot({ path: join(OUT, 'challenges.png'), fullPage: true })
    throw error
  }
})
