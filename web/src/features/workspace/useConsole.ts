// A console for a page: connects by itself, runs, cancels, and keeps what was said.

import { useCallback, useEffect, useRef, useState } from 'react'
import type { Catalog } from './catalog'
import { type Connection, connect, whyNot } from './connection'
import { begun, heard, SILENT, type Talk } from './session'

export type Link =
  | { state: 'connecting' }
  | { state: 'open' }
  /** Closed; the next statement opens another. */
  | { state: 'closed'; code: string; reason: string }

export interface Console {
  talk: Talk
  link: Link
  catalog: Catalog | null
  run: (sql: string, offset: number) => void
  cancel: () => void
  reconnect: () => void
}

export function useConsole(slug: string, login: string | null, onFinished: (talk: Talk) => void): Console {
  const talk = useRef<Talk>(SILENT)
  const connection = useRef<Connection | null>(null)
  const waiting = useRef<string | null>(null)
  const lastId = useRef(0)
  const drawing = useRef(0)
  const finished = useRef(onFinished)
  const [, draw] = useState(0)
  const [link, setLink] = useState<Link>({ state: 'connecting' })
  const [catalog, setCatalog] = useState<Catalog | null>(null)
  useEffect(() => {
    finished.current = onFinished
  }, [onFinished])

  // Parts of a large result come faster than they can be drawn.
  const redraw = useCallback(() => {
    if (drawing.current !== 0) return
    drawing.current = requestAnimationFrame(() => {
      drawing.current = 0
      draw((n) => n + 1)
    })
  }, [])

  const open = useCallback(() => {
    setLink({ state: 'connecting' })
    connection.current?.close()
    const mine = connect(slug, login, (event) => {
      if (connection.current !== mine) return
      if (event.type === 'catalog') {
        setCatalog(event.catalog as unknown as Catalog)
        return
      }
      talk.current = heard(talk.current, event)
      redraw()
      if (event.type === 'ready') {
        setLink({ state: 'open' })
        const sql = waiting.current
        waiting.current = null
        if (sql === null) mine.say({ type: 'catalog' })
        else mine.say({ type: 'run', sql })
      } else if (event.type === 'finished') {
        mine.say({ type: 'catalog' })
        finished.current(talk.current)
      } else if (event.type === 'closed') {
        waiting.current = null
        connection.current = null
        setLink({ state: 'closed', code: event.code, reason: event.reason })
        finished.current(talk.current)
        if (event.code === 'refused') {
          void whyNot(slug, login).then((reason) => {
            if (reason) setLink((was) => (was.state === 'closed' ? { ...was, reason } : was))
          })
        }
      }
    })
    connection.current = mine
  }, [slug, login, redraw])

  useEffect(() => {
    talk.current = SILENT
    open()
    return () => {
      connection.current?.close()
      connection.current = null
      cancelAnimationFrame(drawing.current)
      drawing.current = 0
    }
  }, [open])

  const run = useCallback(
    (sql: string, offset: number) => {
      if (talk.current.running) return
      lastId.current += 1
      talk.current = begun(talk.current, lastId.current, sql, offset)
      draw((n) => n + 1)
      if (connection.current && talk.current.ready) {
        connection.current.say({ type: 'run', sql })
      } else {
        waiting.current = sql
        if (!connection.current) open()
      }
    },
    [open],
  )
  const cancel = useCallback(() => connection.current?.say({ type: 'cancel' }), [])
  return { talk: talk.current, link, catalog, run, cancel, reconnect: open }
}
