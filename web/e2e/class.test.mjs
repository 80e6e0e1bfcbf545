// The whole job in a real browser, against a real pglab and a real PostgreSQL: from a dump and a roster to a cell that
// turns on the board because a student typed something into psql.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { startBrowser, startPglab } from './server.mjs'

const run = promisify(execFile)
const OUT = new URL('../test-results/', import.meta.url).pathname
const DUMP = `
CREATE TABLE artist (
  artist_id integer PRIMARY KEY,
  name varchar(120) NOT NULL
);
CREATE TABLE album (
  album_id integer PRIMARY KEY,
  title varchar(160) NOT NULL,
  artist_id integer NOT NULL REFERENCES artist (artist_id)
);
COPY artist (artist_id, name) FROM stdin;
1\tAC/DC
2\tAccept
\\.
INSERT INTO album VALUES (1, 'For Those About To Rock', 1), (2, 'Balls to the Wall', 2);
`
const ARTIST = `
CREATE TABLE artist (artist_id integer PRIMARY KEY, name varchar(120) NOT NULL);
INSERT INTO artist VALUES (1, 'AC/DC'), (2, 'Accept');
`
const ROSTER = `login,name,section
ada,Ada Lovelace,Mon A
grace,Grace Hopper,Mon B
`

let pglab
let browser
const complaints = []

before(async () => {
  pglab = await startPglab()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await pglab?.stop()
})

async function newPage() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: pglab.url })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  return page
}

async function signIn(page, login, password) {
  await page.goto('/sign-in')
  await page.getByLabel('Login').fill(login)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.pathname !== '/sign-in')
  if (new URL(page.url()).pathname === '/password') {
    await page.getByLabel('Password that you have now').fill(password)
    await page.getByLabel('New password').fill(`${password}-and-more`)
    await page.getByLabel('The new one again').fill(`${password}-and-more`)
    await page.getByRole('button', { name: 'Set it and go on' }).click()
    await page.waitForURL((url) => url.pathname !== '/password')
  }
}

test('a class, from a dump and a roster to the board', { timeout: 240_000 }, async () => {
  const page = await newPage()
  try {
    await signIn(page, pglab.admin.login, pglab.admin.password)

    await page.getByRole('link', { name: 'New lab' }).click()
    await page.getByLabel('Title').fill('The music shop')
    assert.equal(await page.getByLabel('Short name').inputValue(), 'the-music-shop')
    await page.locator('input[type=file]').first().setInputFiles({
      name: 'shop.sql',
      mimeType: 'application/sql',
      buffer: Buffer.from(DUMP),
    })
    await page.getByRole('button', { name: 'Make the lab and load it' }).click()
    await page.getByRole('button', { name: 'Go to the lab' }).click({ timeout: 60_000 })

    await page.waitForURL('**/labs/the-music-shop/roster')
    await page.getByLabel('Roster').fill(ROSTER)
    await page.getByRole('button', { name: 'See what would change' }).click()
    await page.getByTestId('roster-report').getByText('2 new, 0 changed').waitFor()
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByRole('cell', { name: /Ada Lovelace/ }).first().waitFor()

    await page.getByRole('button', { name: 'Prepare' }).click()
    await page.getByRole('row', { name: /Ada Lovelace.*ready/ }).waitFor({ timeout: 60_000 })
    await page.getByRole('row', { name: /Grace Hopper.*ready/ }).waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByText('Open', { exact: true }).first().waitFor()

    await page.getByRole('link', { name: 'Credentials' }).click()
    await page.getByRole('button', { name: 'Show the password of ada' }).click()
    const row = page.getByRole('row', { name: /Ada Lovelace/ })
    const password = await row.locator('td').nth(2).locator('code').innerText()
    assert.ok(password.length >= 8, 'the password is shown')

    await page.getByRole('link', { name: 'Board', exact: true }).click()
    const cell = page.locator('[data-login=ada] [data-task]').first()
    await cell.waitFor()
    assert.equal(await cell.getAttribute('data-state'), 'not_started')
    assert.match((await cell.getAttribute('aria-label')) ?? '', /Ada Lovelace, .*not started, 0 of/)

    await page.locator('[data-login=ada]').click()
    await page.getByRole('tab', { name: 'Kit' }).click()
    const uri = await page.evaluate(async () => {
      const answer = await fetch('/api/v1/labs/the-music-shop/members/ada/kit')
      return (await answer.json()).uri
    })
    await page.keyboard.press('Escape')

    const env = { ...process.env, PGPASSWORD: password }
    await run('psql', ['-X', '-v', 'ON_ERROR_STOP=1', '-c', ARTIST, uri], { env })
    await page.locator('[data-login=ada] [data-task][data-state=done]').first().waitFor({ timeout: 20_000 })
    assert.equal(await page.locator('[data-login=grace] [data-task][data-state=done]').count(), 0)

    await run('psql', ['-X', '-c', 'DROP TABLE artist', uri], { env })
    await page.locator('[data-login=ada] [data-task][data-state=broken_again]').first().waitFor({ timeout: 20_000 })

    const student = await newPage()
    await signIn(student, 'ada', password)
    await student.waitForURL('**/labs/the-music-shop/me')
    await student.getByText('was done, is broken').first().waitFor()

    // The same table again, from the page: an error is marked first, then the task turns.
    await student.getByRole('link', { name: 'Open the SQL console' }).click()
    await student.waitForURL('**/labs/the-music-shop/workspace')
    const editor = student.getByRole('textbox', { name: 'SQL' })
    await editor.click()
    await student.keyboard.insertText('SELECT nam FROM album')
    await student.keyboard.press('Control+Enter')
    await student.getByRole('alert').getByText('42P01').waitFor()
    assert.equal(await student.locator('.cm-error').innerText(), 'album')
    await student.keyboard.press('Control+a')
    await student.keyboard.insertText(`${ARTIST} SELECT n, 'row ' || n AS name FROM generate_series(1, 20000) n;`)
    await student.keyboard.press('Control+Enter')
    await student.getByText('Only the first 10,000 rows are shown').waitFor()
    assert.ok((await student.getByRole('gridcell').count()) < 400, 'only the rows in view are drawn')
    await student.getByRole('grid').focus()
    await student.keyboard.press('End')
    await student.getByRole('gridcell', { name: 'row 10000' }).waitFor()
    await student.getByRole('listitem').and(student.locator('[data-state=done]')).getByText('artist').first().waitFor({ timeout: 20_000 })
    await page.locator('[data-login=ada] [data-task][data-state=done]').first().waitFor({ timeout: 20_000 })
    // Cancelling really cancels.
    await editor.click()
    await student.keyboard.press('Control+a')
    await student.keyboard.insertText('BEGIN; SELECT pg_sleep(60)')
    await student.keyboard.press('Control+Enter')
    await student.getByRole('button', { name: 'Cancel' }).click()
    await student.getByRole('alert').getByText('57014').waitFor()
    await student.getByText('transaction failed: ROLLBACK').waitFor()
    await student.getByRole('tab', { name: 'Tables' }).click()
    await student.keyboard.press('Control+a')
    await editor.click()
    await student.keyboard.press('Control+a')
    await student.keyboard.insertText('ROLLBACK; EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM artist')
    await student.keyboard.press('Control+Enter')
    await student.getByText('Seq Scan').waitFor()
    await student.getByRole('button', { name: /^artist/ }).waitFor()
    await student.getByRole('tab', { name: 'Diagram' }).click()
    await student.getByRole('img', { name: '1 tables, 0 references between them' }).waitFor()
    await student.goBack()
    await student.waitForURL('**/labs/the-music-shop/me')
    await student.getByRole('button', { name: 'Raise hand' }).click()
    await student.getByLabel('What is it about?').fill('Where did my table go?')
    await student.getByRole('button', { name: 'Raise it' }).click()
    await page.locator('[data-login=ada]').getByText('Where did my table go?').waitFor({ timeout: 20_000 })

    assert.deepEqual(complaints, [])
  } catch (error) {
    await mkdir(OUT, { recursive: true })
    for (const [i, each] of browser.contexts().flatMap((context) => context.pages()).entries()) {
      await each.screenshot({ path: `${OUT}class-${i}.png` }).catch(() => undefined)
    }
    error.message += `\n(pictures in ${OUT}; the browser said: ${complaints.join('; ') || 'nothing'})\n${pglab.log().slice(-2000)}`
    throw error
  }
})
