// Signing in through a real OpenID provider, in a real browser: refused and told why, let in, and out of both again.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CLIENT, startProvider } from './provider/provider.mjs'
import { BINARY, startBrowser } from './server.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

let folder
let pglab
let ended
let provider
let browser
let url
let admin
let log = ''

function freePort() {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** pglab with the provider, on a PostgreSQL of its own. */
async function startPglab(port) {
  await writeFile(join(folder, 'seal.key'), 'ab'.repeat(32))
  await writeFile(join(folder, 'client.secret'), CLIENT.secret)
  await writeFile(
    join(folder, 'pglab.toml.in'),
    `[server]
listen = "127.0.0.1:${port}"
public_url = "${url}"
data_dir = "${folder}/data"
[store]
uri = "postgresql://dev@127.0.0.1:@PGPORT@/store"
[cluster]
host = "127.0.0.1"
port = @PGPORT@
maintenance_role = "dev"
maintenance_password = "trusted"
[secrets]
seal_key_file = "${folder}/seal.key"
[identity.oidc]
issuer = "${provider.issuer}"
client_id = "${CLIENT.id}"
client_secret_file = "${folder}/client.secret"
label = "Test University"
`,
  )
  const script = `createdb store && sed "s/@PGPORT@/$PGPORT/" "$1/pglab.toml.in" > "$1/pglab.toml" &&
    exec "$2" serve --migrate --config "$1/pglab.toml"`
  pglab = spawn(here('../../scripts/with-postgres'), ['sh', '-c', script, 'sh', folder, BINARY], {
    // A group of its own, which is ended as a whole.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  ended = new Promise((resolve) => pglab.once('exit', resolve))
  await new Promise((resolve, reject) => {
    const heard = (part) => {
      log = (log + part).slice(-20_000)
      const password = /one-time password {2}(\S+)/.exec(log)
      if (password && log.includes('pglab is ready')) resolve((admin = { login: 'admin', password: password[1] }))
    }
    pglab.stdout.on('data', heard)
    pglab.stderr.on('data', heard)
    ended.then((code) => reject(new Error(`pglab ended with ${code} before it was ready:\n${log}`)))
    setTimeout(() => reject(new Error(`pglab is not ready after 90 s:\n${log}`)), 90_000).unref()
  })
}

/** The API, as the admin. */
async function prepare() {
  let headers = { 'content-type': 'application/json' }
  const post = async (path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`)
    return answer
  }
  const signedIn = await post('/session', admin)
  const { csrf_token, must_change_password } = await signedIn.json()
  headers = { ...headers, cookie: signedIn.headers.get('set-cookie').split(';')[0], 'x-csrf-token': csrf_token }
  if (must_change_password) {
    await post('/me/password', { old_password: admin.password, new_password: 'chosen-by-the-admin' })
    admin.password = 'chosen-by-the-admin'
  }
  await post('/people', { login: 'ada', name: 'Ada', role: 'student' })
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pglab-sign-in-'))
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  provider = await startProvider(url)
  await startPglab(port)
  await prepare()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  if (pglab && pglab.exitCode === null) {
    process.kill(-pglab.pid, 'SIGTERM')
    await ended
  }
  await provider?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Types a login at the provider's own page, and agrees. */
async function atTheProvider(page, login) {
  await page.getByRole('link', { name: 'Sign in with Test University' }).click()
  await page.waitForURL(`${provider.issuer}/**`)
  await page.locator('input[name=login]').fill(login)
  await page.locator('input[name=password]').fill('any')
  await page.locator('button[type=submit]').first().click()
  await page.waitForURL(`${provider.issuer}/interaction/**`)
  await page.getByRole('button', { name: /continue/i }).click()
}

test('somebody on no roster is told so', async () => {
  const page = await browser.newPage()
  await page.goto(`${url}/sign-in`)
  await atTheProvider(page, 'eve')
  await page.getByText('you are on no roster here').waitFor()
  assert.equal(new URL(page.url()).pathname, '/sign-in')
  await page.context().close()
})

test('a student comes in, goes on where they wanted, and is out of both afterwards', async () => {
  const page = await browser.newPage()
  await page.goto(`${url}/account`)
  await atTheProvider(page, 'ada')
  await page.waitForURL(`${url}/account`)
  await page.getByRole('button', { name: 'Account of ada of the provider' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  // The provider asks, because others may use its session too.
  await page.waitForURL(`${provider.issuer}/**`)
  await page.locator('button[value=yes]').click()
  await page.waitForURL(`${url}/sign-in`)
  // Whoever comes next at this computer is asked who they are.
  await page.getByRole('link', { name: 'Sign in with Test University' }).click()
  await page.locator('input[name=login]').waitFor()
  await page.context().close()
})

test('an admin tests the provider', async () => {
  const page = await browser.newPage()
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('Login').fill(admin.login)
  await page.getByLabel('Password', { exact: true }).fill(admin.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((at) => at.pathname !== '/sign-in')
  await page.goto(`${url}/system`)
  await page.getByRole('button', { name: 'Test the provider' }).click()
  const steps = page.getByRole('list', { name: 'Steps of the test' })
  await steps.waitFor()
  const text = await steps.innerText()
  assert.match(text, /Discovery passed/)
  assert.match(text, /Keys passed .*test/)
  assert.doesNotMatch(text, /failed/)
  await page.context().close()
})

test('no token is in the log', async () => {
  assert.ok(!log.includes('eyJ') && !log.includes(CLIENT.secret), log)
  assert.ok(!(await readFile(join(folder, 'pglab.toml'), 'utf8')).includes(CLIENT.secret))
})
