// Who stands where: rank, points, the tasks that are done. Live by server-sent events, for the staff and, where the lab
// shows it, for students.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import * as calls from '@/api/calls'
import { BASE, sentence } from '@/api/client'
import { type LineState, openEvents } from '@/api/events'
import { standingsQuery } from '@/api/queries'
import type { Standings } from '@/api/types'
import { EmptyState, Notice, Page, PageHead } from '@/ui/Blocks'
import { plural, points } from '@/ui/format'
import { LineMark } from '@/ui/LineMark'
import { Time } from '@/ui/Time'
import classes from './Standings.module.css'

export function StandingsPage({ slug }: { slug: string }) {
  const query = useQuery(standingsQuery(slug))
  const line = useStandingsStream(slug, query.isSuccess)
  const standings = query.data
  if (!standings) {
    return (
      <Page width="text">
        {query.isError && (
          <EmptyState title="No standings">
            <p>{sentence(query.error)}</p>
          </EmptyState>
        )}
      </Page>
    )
  }
  const sections = standings.rows.some((row) => row.section)
  return (
    <Page>
      <PageHead title={`Standings: ${standings.title}`}>
        <LineMark state={line} />
        <a className="link" href={calls.standingsUrl(slug, '.csv')} download>
          CSV
        </a>
        <a className="link" href={calls.standingsUrl(slug, '/ctftime')}>
          CTFtime feed
        </a>
      </PageHead>
      {standings.frozen_at && (
        <Notice tone="info">
          {standings.revealed ? 'Students see the standings as they were ' : 'These are the standings as they were '}
          <Time at={standings.frozen_at} />.
        </Notice>
      )}
      {standings.rows.length === 0 ? (
        <EmptyState title="Nobody is here yet" />
      ) : (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">Rank</th>
                <th scope="col">Name</th>
                {sections && <th scope="col">Section</th>}
                <th scope="col" className={classes.right}>
                  Points
                </th>
                <th scope="col" className={classes.right}>
                  Done
                </th>
                <th scope="col">Last</th>
                <th scope="col">Tasks</th>
              </tr>
            </thead>
            <tbody>
              {standings.rows.map((row) => (
                <tr key={row.login}>
                  <td className="num">{row.rank}</td>
                  <td>
                    {row.name} <span className="dim">{row.name === row.login ? '' : row.login}</span>
                  </td>
                  {sections && (
                    <td>
                      {row.section} <span className="dim num">{row.section && `#${row.section_rank}`}</span>
                    </td>
                  )}
                  <td className={`num ${classes.right}`}>
                    <b>{points(row.points)}</b>
                  </td>
                  <td className={`num ${classes.right}`}>{row.done.length}</td>
                  <td className="dim nowrap">{row.reached_at ? <Time at={row.reached_at} /> : '–'}</td>
                  <td>
                    <Solved standings={standings} done={new Set(row.done.map((each) => each.task))} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Page>
  )
}

/** A mark for each task, full where it is done. */
function Solved({ standings, done }: { standings: Standings; done: ReadonlySet<string> }) {
  const n = standings.tasks.length
  return (
    <svg
      width={n * 8}
      height="12"
      role="img"
      aria-label={`${plural(done.size, 'task')} of ${n} done`}
      className={classes.solved}
    >
      {standings.tasks.map((task, at) => (
        <rect key={task.id} x={at * 8} y="2" width="6" height="8" rx="1" className={done.has(task.id) ? classes.full : classes.empty}>
          <title>{task.title}</title>
        </rect>
      ))}
    </svg>
  )
}

function useStandingsStream(slug: string, wanted: boolean): LineState {
  const client = useQueryClient()
  const [line, setLine] = useState<LineState>('connecting')
  useEffect(() => {
    if (!wanted) return
    const events = openEvents(
      `${BASE}/labs/${encodeURIComponent(slug)}/standings/events`,
      {
        standings: (data) => client.setQueryData(standingsQuery(slug).queryKey, data as Standings),
      },
      setLine,
    )
    return () => events.close()
  }, [slug, wanted, client])
  return line
}
