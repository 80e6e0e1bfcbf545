// The WebSocket of a console: says hello, reads events, and is gone when the page is. Knows nothing of what they mean.

import { BASE, shownCsrfToken } from '@/api/client'
import type { ConsoleEvent, ConsoleRequest } from '@/api/types'

export interface Connection {
  say: (request: ConsoleRequest) => void
  close: () => void
}

const LOST = 'The connection to pglab broke. What ran is being cancelled.'

/** `login` is whose database to look into; none for one's own. */
export function connect(slug: string, login: string | null, onEvent: (event: ConsoleEvent) => void): Connection {
  const member = login === null ? '' : `/members/${encodeURIComponent(login)}`
  const url = new URL(`${BASE}/labs/${encodeURIComponent(slug)}${member}/console`, window.location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(url)
  let over = false
  let opened = false
  const end = (event: Extract<ConsoleEvent, { type: 'closed' }>) => {
    if (over) return
    over = true
    onEvent(event)
  }
  socket.onopen = () => {
    opened = true
    const hello: ConsoleRequest = { type: 'hello', csrf_token: shownCsrfToken() }
    socket.send(JSON.stringify(hello))
  }
  socket.onmessage = (message) => {
    const event = JSON.parse(String(message.data)) as ConsoleEvent
    if (event.type === 'closed') end(event)
    else if (!over) onEvent(event)
  }
  socket.onclose = () => end({ type: 'closed', code: opened ? 'offline' : 'refused', reason: LOST })
  return {
    say: (request) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request))
    },
    close: () => {
      over = true
      socket.close()
    },
  }
}

/** Why a console can't be opened, from an ordinary request to the same address: a WebSocket is not told. */
export async function whyNot(slug: string, login: string | null): Promise<string | null> {
  const member = login === null ? '' : `/members/${encodeURIComponent(login)}`
  try {
    const answer = await fetch(`${BASE}/labs/${encodeURIComponent(slug)}${member}/console`)
    const problem = (await answer.json()) as { code?: string; detail?: string }
    if (problem.code === 'upgrade_required' || problem.code === 'origin' || !problem.detail) return null
    return problem.detail
  } catch {
    return 'pglab does not answer. Check the network.'
  }
}
