// The live board: one event stream per page, its events gathered for a frame and put into the query cache by member.

import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { BASE } from '@/api/client'
import { type LineState, openEvents } from '@/api/events'
import { boardQuery, sessionQuery } from '@/api/queries'
import type { Board, BoardMemberEvent } from '@/api/types'
import { applyEvents, readMemberEvent, replaceBoard } from './state'

/** At most this often is the whole board read again because events were missing. */
const RESYNC_MS = 5_000
/** Without any event for this long, pings included, the line is taken for dead. */
const SILENCE_MS = 45_000

export function useBoardStream(slug: string): LineState {
  const client = useQueryClient()
  const [line, setLine] = useState<LineState>('connecting')

  useEffect(() => {
    const key = boardQuery(slug).queryKey
    let waiting: BoardMemberEvent[] = []
    let frame: ReturnType<typeof setTimeout> | undefined
    let resync: ReturnType<typeof setTimeout> | undefined
    let silence: ReturnType<typeof setTimeout> | undefined
    let lastResync = 0

    const reread = () => {
      if (resync) return
      resync = setTimeout(
        () => {
          resync = undefined
          lastResync = Date.now()
          void client.refetchQueries({ queryKey: key, exact: true })
        },
        Math.max(0, lastResync + RESYNC_MS - Date.now()),
      )
    }
    const flush = () => {
      frame = undefined
      const events = waiting
      waiting = []
      const board = client.getQueryData<Board>(key)
      if (!board) return
      const applied = applyEvents(board, events)
      if (applied.board !== board) client.setQueryData(key, applied.board)
      if (applied.gap) reread()
    }
    const heard = () => {
      clearTimeout(silence)
      silence = setTimeout(() => {
        events.close()
        events = connect()
      }, SILENCE_MS)
    }
    const connect = () =>
      openEvents(
        `${BASE}/labs/${encodeURIComponent(slug)}/board/events`,
        {
          board: (data) => {
            heard()
            waiting = []
            client.setQueryData<Board>(key, (old) => replaceBoard(old, data as Board))
          },
          member: (data, id) => {
            heard()
            const event = readMemberEvent(data, id)
            if (!event) return
            waiting.push(event)
            frame ??= setTimeout(flush, 60)
          },
          ping: heard,
        },
        (state) => {
          setLine(state)
          // Perhaps the session has ended; whoever shows the page then leads to signing in.
          if (state === 'reconnecting') void client.invalidateQueries({ queryKey: sessionQuery.queryKey })
        },
      )
    let events = connect()
    return () => {
      events.close()
      clearTimeout(frame)
      clearTimeout(resync)
      clearTimeout(silence)
    }
  }, [client, slug])

  return line
}
