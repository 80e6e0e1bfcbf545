// Pictures of every page, at desk and phone width, light and dark, with 3 and with 300 students, to be looked at.
// Needs the built pages and dev/mock.mjs running; it tells of anything the browser complained about, of pages that are
// wider than the screen, and of what axe finds that keeps people with disabilities from using them.
//   node dev/shots.mjs [part of a name …]     PGLAB_DEV_PORT=7431  OUT=/tmp/pglab-shots

import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const BASE = `http://127.0.0.1:${process.env.PGLAB_DEV_PORT ?? 7431}`
const OUT = process.env.OUT ?? '/tmp/pglab-shots'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const only = process.argv.slice(2)
mkdirSync(OUT, { recursive: true })

const PAGES = [
  ['sign-in', '/sign-in', null],
  ['join', '/join', null],
  ['join-code', '/join/K7M2QX9A', null],
  ['join-signed-in', '/join/K7M2QX9A', 'ada'],
  ['join-nothing', '/join/NOTHING', null],
  ['claim', '/claim/fresh', null],
  ['claim-kit', '/claim/fresh', null, (page) => page.getByRole('button', { name: /show my password/ }).click()],
  ['claim-used', '/claim/used', null],
  ['password', '/password', 'admin'],
  ['labs', '/labs', 'admin'],
  ['labs-empty', '/labs', 'ines'],
  ['new-lab', '/labs/new', 'admin'],
  ['board-3', '/labs/harbour/board', 'admin'],
  ['board-300', '/labs/databases-101/board', 'admin'],
  ['board-300-progress', '/labs/databases-101/board?sort=progress&section="Group A"', 'admin'],
  ['board-drawer', '/labs/databases-101/board?member=grace', 'admin'],
  ['board-drawer-errors', '/labs/databases-101/board?member=grace', 'admin', (page) => page.getByRole('tab', { name: /Errors/ }).click()],
  ['board-drawer-schema', '/labs/databases-101/board?member=grace', 'admin', (page) => page.getByRole('tab', { name: 'Schema' }).click()],
  ['board-projector', '/labs/harbour/board?projector=1', 'admin'],
  ['board-projector-300', '/labs/databases-101/board?projector=1&anon=1', 'admin'],
  ['member', '/labs/harbour/members/grace', 'admin', (page) => page.getByRole('tab', { name: 'Timeline' }).click()],
  ['tasks', '/labs/harbour/tasks', 'admin'],
  ['tasks-open', '/labs/harbour/tasks', 'admin', (page) => page.getByRole('button', { name: /Table berth$/ }).click()],
  ['tasks-new', '/labs/harbour/tasks', 'admin', (page) => page.getByRole('button', { name: 'Add a task' }).click()],
  ['tasks-empty', '/labs/next-week/tasks', 'admin'],
  ['roster', '/labs/harbour/roster', 'admin'],
  ['roster-change', '/labs/databases-101/roster', 'admin', async (page) => {
    await page.getByRole('button', { name: /^More for / }).first().click()
    await page.getByRole('menuitem', { name: /Change section/ }).click()
    await page.getByLabel('Role').selectOption('assistant')
  }],
  ['roster-300', '/labs/databases-101/roster', 'admin'],
  ['roster-import', '/labs/next-week/roster', 'admin', async (page) => {
    await page.getByLabel('Roster').fill('login,name,email,section\nada,Ada Lovelace,ada@example.edu,Mon A\ngrace,Grace Hopper,grace@example.edu,Mon A\npg_bob,Bob,,Mon B\n,Nobody,,')
    await page.getByRole('button', { name: 'See what would change' }).click()
  }],
  ['credentials', '/labs/harbour/credentials', 'admin', (page) => page.getByRole('button', { name: 'Show all' }).click()],
  ['credentials-300', '/labs/databases-101/credentials', 'admin'],
  ['slips', '/labs/databases-101/slips', 'admin'],
  ['settings', '/labs/harbour/settings', 'admin'],
  ['results', '/labs/databases-101/results', 'admin'],
  ['me', '/labs/harbour/me', 'ada'],
  ['me-hand', '/labs/harbour/me', 'grace'],
  ['me-differs', '/labs/harbour/me', 'alan'],
  ['me-questions', '/labs/night/me', 'ada', (page) => page.getByRole('button', { name: /^The crate/ }).click()],
  ['me-wrong', '/labs/night/me', 'ada', wrongAnswer],
  ['workspace', '/labs/night/workspace', 'ada', runSomething],
  ['standings', '/labs/night/standings', 'admin'],
  ['standings-own', '/labs/night/standings', 'ada'],
  ['standings-bracket', '/labs/night/standings?section="Group B"', 'admin'],
  ['standings-frozen', '/labs/night/standings', 'admin', freeze],
  ['standings-300', '/labs/databases-101/standings', 'admin'],
  ['standings-projector', '/labs/night/standings?projector=1', 'admin'],
  ['standings-empty', '/labs/next-week/standings', 'admin'],
  ['standings-off', '/labs/harbour/standings', 'ada'],
  ['attempts', '/labs/night/attempts', 'admin'],
  ['attempts-open', '/labs/night/attempts?outcome=wrong', 'admin', (page) => page.locator('main button[aria-expanded=false]').nth(2).click()],
  ['attempts-empty', '/labs/next-week/attempts', 'admin'],
  ['rejudging', '/labs/night/rejudging', 'admin', async (page) => {
    await page.getByLabel('Task').first().click()
    await page.getByRole('option', { name: 'The crate' }).click()
    await page.getByText('Said otherwise now').first().waitFor()
  }],
  ['rejudging-choose', '/labs/night/rejudging', 'admin'],
  ['similarity', '/labs/night/similarity', 'admin', (page) => page.locator('main button[aria-expanded=false]').first().click()],
  ['similarity-none', '/labs/next-week/similarity', 'admin'],
  ['activity', '/labs/night/activity', 'admin'],
  ['activity-none', '/labs/night/activity?login=nobody', 'admin'],
  ['library', '/library', 'admin', (page) => page.getByRole('checkbox').first().check()],
  ['library-filtered', '/library?pack=harbour-sql&difficulty=HARD', 'admin'],
  ['challenge', '/library/harbour-mystery/night-of-the-amber', 'admin'],
  ['challenge-none', '/library/harbour-mystery/nothing', 'admin'],
  ['packs', '/packs', 'admin'],
  ['packs-diff', '/packs', 'admin', (page) => sendPack(page, 900)],
  ['packs-refused', '/packs', 'admin', (page) => sendPack(page, 10)],
  ['packs-remove', '/packs', 'admin', (page) => page.getByRole('button', { name: 'Remove The repair yard' }).click()],
  ['lab-challenges', '/labs/night/challenges', 'admin'],
  ['lab-challenges-none', '/labs/harbour/challenges', 'admin'],
  ['try', '/labs/night/try', 'admin'],
  ['account', '/account', 'admin'],
  ['people', '/people', 'admin'],
  ['system', '/system', 'admin'],
  ['monitoring', '/labs/databases-101/monitoring', 'admin', null, { programs: 'some' }],
  ['monitoring-files', '/labs/databases-101/monitoring', 'admin', (page) => page.getByRole('heading', { name: 'Files' }).scrollIntoViewIfNeeded(), { programs: 'some' }],
  ['monitoring-none', '/labs/harbour/monitoring', 'admin', (page) => page.getByRole('heading', { name: 'Files' }).scrollIntoViewIfNeeded()],
  ['monitoring-empty', '/labs/next-week/monitoring', 'admin'],
  ...['local', 'managed', 'directory', 'away', 'certificate', 'plain'].map((identity) => [
    `identity-${identity}`, '/system', 'admin', (page) => testIdentity(page, identity), { identity },
  ]),
  ['palette', '/labs/harbour/board', 'admin', (page) => page.keyboard.press('Control+k')],
  ['keys', '/labs/harbour/board', 'admin', (page) => page.keyboard.press('Shift+?')],
  ['not-found', '/nowhere', 'admin'],
  ['no-lab', '/labs/gone/board', 'admin'],
]

/** The section with the steps of its test, where there is a directory to test. */
async function testIdentity(page, identity) {
  if (identity !== 'local') {
    await page.getByRole('textbox', { name: 'Login' }).fill('ada')
    await page.getByRole('textbox', { name: 'Password' }).fill(identity === 'managed' ? 'wrong' : 'right')
    await page.getByRole('button', { name: 'Test this' }).click()
    const steps = page.getByRole('list', { name: 'Steps of the test' })
    await steps.waitFor()
    return steps.scrollIntoViewIfNeeded()
  }
  return page.getByRole('heading', { name: 'Identity' }).scrollIntoViewIfNeeded()
}
/** A wrong answer to the first task that is open, with what was said of it. */
async function wrongAnswer(page) {
  const closed = page.locator('li:not([data-state=done]) > button[aria-expanded=false]')
  while ((await closed.count()) > 0) await closed.first().click()
  const look = page.getByRole('button', { name: 'Look at my database' })
  const field = page.getByRole('textbox', { name: /^Your (answer to|query for)/ })
  if ((await look.count()) > 0) await look.first().click()
  else {
    await field.first().click()
    await page.keyboard.insertText('SELECT 1')
    await page.getByRole('button', { name: 'Answer', exact: true }).first().click()
  }
  await page.getByText(/^(Not yet|That is not it)/).first().scrollIntoViewIfNeeded()
}

async function sendPack(page, size) {
  await page.locator('input[type=file]').setInputFiles({ name: 'yard.zip', mimeType: 'application/zip', buffer: Buffer.alloc(size, 1) })
  await page.getByText(/problems\.|The repair yard 1\.1\.0/).first().waitFor()
}

async function runSomething(page) {
  if ((page.viewportSize()?.width ?? 0) < 960) await page.getByRole('tab', { name: 'SQL' }).click()
  await page.getByRole('textbox', { name: 'SQL', exact: true }).click()
  await page.keyboard.insertText('SELECT id, name, home, length_m FROM ship ORDER BY id;')
  await page.keyboard.press('Control+Enter')
  await page.getByRole('gridcell').first().waitFor()
}

/** Frozen while the picture is taken. */
async function freeze(page) {
  const button = page.getByRole('button', { name: /^(Freeze|Reveal…)$/ })
  await button.waitFor()
  if ((await button.innerText()) === 'Freeze') await button.click()
  await page.getByText(/^Frozen/).first().waitFor()
}
const SIZES = [['desk', 1440, 900], ['phone', 390, 844]]

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
let complaints = 0
for (const [size, width, height] of SIZES) {
  for (const scheme of ['light', 'dark']) {
    for (const [name, path, login, act, modes] of PAGES) {
      const shot = `${name}-${size}-${scheme}`
      if (only.length > 0 && !only.some((part) => shot.includes(part))) continue
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: 'reduce', deviceScaleFactor: 1 })
      if (login) await context.addCookies([{ name: 'pglab_session', value: login, url: BASE }])
      await context.addCookies(Object.entries(modes ?? {}).map(([what, mode]) => ({ name: `mock_${what}`, value: mode, url: BASE })))
      const page = await context.newPage()
      const say = (text) => {
        complaints += 1
        console.log(`${shot}: ${text}`)
      }
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type()) && !(['no-lab', 'standings-off', 'challenge-none', 'lab-challenges-none'].includes(name) && /404/.test(message.text())) && !(['packs-refused', 'join-nothing'].includes(name) && /422/.test(message.text()))) say(message.text())
      })
      page.on('pageerror', (error) => say(error.message))
      await page.goto(BASE + path)
      await page.waitForFunction(() => document.querySelector('#root')?.textContent !== '' && !document.body.textContent?.includes('Reading…'))
      await page.evaluate(() => document.fonts.ready)
      try {
        await act?.(page)
      } catch (error) {
        say(String(error).split('\n')[0])
      }
      // Lazy chunks and transitions; nothing to wait for that every page has.
      await page.waitForTimeout(450)
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (wider > 0) say(`wider than the screen by ${wider} px`)
      // Said to the page over the debugger, so that the content security policy of the page stays as it is.
      await page.evaluate(AXE)
      const found = await page.evaluate(() =>
        globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'] }),
      )
      for (const { id, impact, help, nodes } of found.violations) {
        if (impact !== 'serious' && impact !== 'critical') continue
        say(`${impact} ${id}: ${help}: ${nodes.length} × ${nodes[0].html.slice(0, 200)} ${nodes[0].any[0]?.message ?? ''}`)
      }
      await page.screenshot({ path: `${OUT}/${shot}.png` })
      await context.close()
    }
  }
}
await browser.close()
console.log(complaints === 0 ? `pictures in ${OUT}` : `${complaints} complaints; pictures in ${OUT}`)
