// A pglab of its own for a browser test, started on a new data directory, stopped by its handle, and gone afterwards; and
// the browser.

import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

export const BINARY = process.env.PGLAB_BIN ?? fileURLToPath(new URL('../../target/debug/pglab', import.meta.url))

/** @returns {Promise<{url: string, admin: {login: string, password: string}, stop: () => Promise<void>}>} */
export async function startPglab() {
  const parent = await mkdtemp(join(tmpdir(), 'pglab-browser-'))
  // pglab gives up root for its PostgreSQL, which then has to reach what is inside.
  await chmod(parent, 0o755)
  const child = spawn(BINARY, ['up', '--data-dir', join(parent, 'data'), '--listen', '127.0.0.1:0', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (part) => {
    log = (log + part).slice(-20_000)
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM')
    await ended
    await rm(parent, { recursive: true, force: true })
  }
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      try {
        const said = JSON.parse(line)
        if (said.ready) resolve(said)
      } catch {
        // Not for us.
      }
    })
    child.once('error', (error) => reject(new Error(`${BINARY} can't be started: ${error.message}`)))
    ended.then((code) => reject(new Error(`pglab ended with ${code} before it was ready:\n${log}`)))
    setTimeout(() => reject(new Error(`pglab is not ready after 60 s:\n${log}`)), 60_000).unref()
  })
  try {
    const { url, admin } = await ready
    return { url, admin, stop, log: () => log }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Debian's Chromium, without what it would ask of hosts elsewhere. */
export function startBrowser() {
  return chromium.launch({
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
}
