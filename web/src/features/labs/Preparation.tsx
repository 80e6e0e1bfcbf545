// Preparing a lab: how far it is, live, and what failed.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { BASE } from '@/api/client'
import { openEvents } from '@/api/events'
import { preparationQuery } from '@/api/queries'
import type { Preparation } from '@/api/types'
import { Bar } from '@/ui/Blocks'
import { duration, plural } from '@/ui/format'
import classes from './Preparation.module.css'

/** How the preparation stands, as the event stream tells it while it runs; null until it is known. */
export function usePreparation(slug: string): Preparation | null {
  const client = useQueryClient()
  const { data } = useQuery(preparationQuery(slug))
  const running = data?.state === 'running'
  useEffect(() => {
    if (!running) return
    const update = (data: unknown) => {
      const next = data as Preparation
      client.setQueryData(preparationQuery(slug).queryKey, next)
      if (next.state !== 'running') void client.invalidateQueries({ queryKey: ['lab', slug] })
    }
    const events = openEvents(
      `${BASE}/labs/${encodeURIComponent(slug)}/preparation/events`,
      { preparation: update, message: update },
      () => undefined,
    )
    return () => events.close()
  }, [client, running, slug])
  return data ?? null
}

export function PreparationLine({ preparation }: { preparation: Preparation }) {
  const { state, ready, total, failed, note, eta_seconds: eta } = preparation
  if (state === 'running') {
    return (
      <div className={classes.line}>
        <Bar value={ready} of={total} label="Databases ready" />
        <span className="num">
          Preparing: <b>{ready}</b> of {total} ready{eta ? `, about ${duration(eta)} left` : ''}
          {failed.length > 0 ? `, ${failed.length} failed` : ''}
          {note && <span className="dim"> · {note}</span>}
        </span>
      </div>
    )
  }
  if (failed.length > 0) {
    return (
      <details className={classes.failed}>
        <summary>
          {plural(failed.length, 'database')} could not be made; pglab tries again by itself
        </summary>
        <ul>
          {failed.slice(0, 50).map((each) => (
            <li key={each.login}>
              <code>{each.login}</code> {each.reason}
            </li>
          ))}
        </ul>
      </details>
    )
  }
  return null
}
