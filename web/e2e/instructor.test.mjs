// What an instructor does with challenges, in a real browser: a pack is looked at and installed, one with mistakes is refused
// with file and path, challenges are chosen from the library and ordered by keys, and somebody joins by a code, answers, and
// is seen in the attempts and in the activity as it happens.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { BINARY, startPglab } from './server.mjs'

const OUT = new URL('../test-results/', import.meta.url).pathname
const PACKS = fileURLToPath(new URL('../../examples/packs/', import.meta.url))

let pglab
let browser
let folder
let page
const complaints = []

before(async () => {
  pglab = await startPglab()
  folder = await mkdtemp(join(tmpdir(), 'pglab-instructor-'))
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

async function command(args) {
  const child = spawn(BINARY, args, { env: { ...process.env, XDG_CONFIG_HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (part) => (complaint += part))
  child.stdout.resume()
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(code, 0, `pglab ${args.join(' ')}: ${complaint}`)
}

/** The zip of an example pack, changed before by `change`, which is given its folder. */
async function zipOf(name, zip, change = async () => {}) {
  const copy = join(folder, `${zip}-files`)
  await cp(join(PACKS, name), copy, { recursive: true })
  await change(copy)
  const out = join(folder, `${zip}.zip`)
  await command(['pack', 'build', copy, '--to', out])
  return out
}

async function context() {
  const made = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: pglab.url })).newPage()
  made.setDefaultTimeout(60_000)
  made.on('pageerror', (error) => complaints.push(error.message))
  return made
}

async function signIn(login, password) {
  const made = await context()
  await made.goto('/sign-in')
  await made.getByLabel('Login').fill(login)
  await made.getByLabel('Password', { exact: true }).fill(password)
  await made.getByRole('button', { name: 'Sign in' }).click()
  await made.waitForURL((url) => url.pathname !== '/sign-in')
  return made
}

test('packs, library, a lab of it, and somebody who joins', { timeout: 300_000 }, async () => {
  page = await signIn(pglab.admin.login, pglab.admin.password)
  try {
    // A pack is looked at first.
    await page.goto('/packs')
    await page.getByText('No pack is installed yet').waitFor()
    const upload = (file) => page.locator('input[type=file]').setInputFiles(file)
    await upload(await zipOf('harbour-sql', 'course'))
    await page.getByText('It is not installed yet.').waitFor()
    await page.getByRole('button', { name: /^Install / }).click()
    await page.getByRole('cell', { name: /harbour-sql/ }).waitFor()

    // The next version says what it changes.
    const next = await zipOf('harbour-sql', 'next', async (copy) => {
      const manifest = JSON.parse(await readFile(join(copy, 'pack.json'), 'utf8'))
      await writeFile(join(copy, 'pack.json'), JSON.stringify({ ...manifest, version: '9.0.0' }))
      const path = join(copy, 'challenges/01-look.json')
      await writeFile(path, (await readFile(path, 'utf8')).replace('All the ports', 'Every port'))
    })
    await upload(next)
    await page.getByText(/changed tasks$/).waitFor()
    await page.getByRole('button', { name: 'Update to 9.0.0' }).click()
    await page.getByRole('cell', { name: '9.0.0' }).waitFor()

    // What is no pack is refused.
    const broken = join(folder, 'broken.zip')
    await writeFile(broken, 'this is no zip')
    await upload(broken)
    await page.getByRole('alert').getByText(/this is no pack that can be used/i).waitFor()

    // Two challenges of the library become a lab; keys put them into another order.
    await page.goto('/library')
    await page.getByLabel('Find').fill('looking at')
    await page.getByRole('status').getByText(/^1 of /).waitFor()
    await page.getByRole('checkbox', { name: /^Choose / }).check()
    await page.getByLabel('Find').fill('sorting')
    await page.getByRole('checkbox', { name: /^Choose Sorting/ }).check()
    await page.getByRole('button', { name: 'Make a lab of 2 challenges' }).click()
    await page.getByLabel('Title').fill('Two of them')
    await page.getByRole('button', { name: 'Make the lab' }).click()
    await page.waitForURL('**/labs/two-of-them/challenges')
    // Anew: the dialog that is gone gives the focus back to where it was, whenever it comes to that.
    await page.goto('/labs/two-of-them/challenges')
    const list = page.getByRole('list').filter({ has: page.getByRole('button', { name: /^Take / }) })
    const first = list.getByRole('listitem').first()
    await first.getByText('Looking at a table').waitFor()
    await first.getByRole('button', { name: /down$/ }).press('Alt+ArrowDown')
    await list.getByRole('listitem').first().getByText('Sorting and text').waitFor()
    await page.getByRole('button', { name: /^Put in Joining/ }).first().click()
    await list.getByRole('listitem').nth(2).waitFor()
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.reload()
    await list.getByRole('listitem').first().getByText('Sorting and text').waitFor()
    assert.equal(await list.getByRole('listitem').count(), 3)

    // A code; somebody makes an account with it.
    await page.goto('/labs/two-of-them/settings')
    await page.getByLabel('Access codes make accounts').check()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Saved.').first().waitFor()
    await page.goto('/labs/two-of-them/roster')
    await page.getByRole('button', { name: 'New code' }).click()
    await page.getByLabel('Code', { exact: true }).fill('HARBOUR1')
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.getByRole('cell', { name: /^HARBOUR1/ }).waitFor()
    const student = await context()
    await student.goto('/join')
    await student.getByLabel('Access code').fill('harbour-1')
    await student.getByRole('button', { name: 'Go on' }).click()
    await student.getByLabel('Login').fill('nell')
    await student.getByLabel('Name', { exact: true }).fill('Nell')
    await student.getByLabel('Password', { exact: true }).fill('a harbour at night')
    await student.getByRole('button', { name: 'Make the account and join' }).click()
    await student.waitForURL('**/labs/two-of-them/me')

    // It is in the activity.
    await page.goto('/labs/two-of-them/activity?login=nell')
    await page.getByRole('row', { name: /nell/ }).first().waitFor()
    assert.deepEqual(complaints, [])
  } catch (error) {
    await mkdir(OUT, { recursive: true })
    await page.screenshot({ path: join(OUT, 'instructor.png'), fullPage: true })
    throw error
  }
})
