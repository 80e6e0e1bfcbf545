// Who stands where: rank, points over time, the tasks that are done. Live by server-sent events, for the staff and, where
// the lab shows it, for students; with `?projector=1` for the wall.

import { Select } from '@mantine/core'
import { useHotkeys, useReducedMotion } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import * as calls from '@/api/calls'
import { BASE, sentence } from '@/api/client'
import { type LineState, openEvents } from '@/api/events'
import { sessionQuery, standingsQuery } from '@/api/queries'
import type { Standings, StandingsChange } from '@/api/types'
import { EmptyState, Page, PageHead } from '@/ui/Blocks'
import { points } from '@/ui/format'
import { ScreenIcon } from '@/ui/icons'
import { LineMark } from '@/ui/LineMark'
import { Time, useNow } from '@/ui/Time'
import { changed } from './changed'
import { bracket, curves, isOwn, MOST_LINES, scrolled, sectionsOf, solvers, type StandingsRow } from './curve'
import { FreezeControl, FrozenNotice, FrozenSentence } from './Frozen'
import { PointsChart } from './PointsChart'
import { Solved, SolvedBy, SolvedKey, type Solvers } from './Solved'
import classes from './Standings.module.css'

export interface StandingsSearch {
  section?: string | undefined
  projector?: 1 | undefined
}

export function StandingsPage({
  slug,
  search,
  change,
}: {
  slug: string
  search: StandingsSearch
  change: (patch: StandingsSearch) => void
}) {
  const projector = search.projector === 1
  const query = useQuery(standingsQuery(slug, projector))
  const own = useQuery(sessionQuery).data?.person?.login
  const line = useStandingsStream(slug, projector, query.isSuccess)
  const now = useNow()
  const standings = query.data
  const rows = useMemo(() => bracket(standings?.rows ?? [], search.section), [standings, search.section])
  const by = useMemo(() => solvers(standings?.rows ?? []), [standings])
  const drawn = useMemo(() => curves(rows, own, Date.parse(standings?.computed_at ?? '')), [rows, own, standings])
  useHotkeys([['Escape', () => projector && change({ projector: undefined })]])
  if (!standings) {
    return (
      <Page width="text">
        {query.isError ? (
          <EmptyState title="No standings">
            <p>{sentence(query.error)}</p>
          </EmptyState>
        ) : (
          <p className="dim">Reading…</p>
        )}
      </Page>
    )
  }
  const sections = sectionsOf(standings.rows)
  const empty = rows.length === 0 && (
    <EmptyState title="Nobody is here yet">
      <p>Everybody of the roster stands here, in the order of their points, as soon as there is somebody.</p>
    </EmptyState>
  )
  if (projector) {
    return (
      <Wall>
        <header className={classes.wallHead}>
          <h1>{standings.title}</h1>
          {search.section && <span className={classes.wallNote}>{search.section}</span>}
          <span className={classes.wallNote}>
            <FrozenSentence standings={standings} now={now} />
          </span>
          <span className="spacer" />
          <LineMark state={line} />
        </header>
        {empty || (
          <div className={classes.wallBody}>
            <Scroller>
              <Table standings={standings} rows={rows} by={by} own={undefined} large sections={false} />
            </Scroller>
            {drawn.lines.length > 0 && <PointsChart curves={drawn} large />}
          </div>
        )}
      </Wall>
    )
  }
  return (
    <Page>
      <PageHead title={`Standings: ${standings.title}`}>
        <LineMark state={line} />
        <FreezeControl slug={slug} standings={standings} now={now} />
      </PageHead>
      <FrozenNotice standings={standings} now={now} />
      <div className={classes.filters}>
        {sections.length > 0 && (
          <Select
            label="Bracket"
            data={[{ value: '', label: 'Everybody' }, ...sections.map((name) => ({ value: name, label: name }))]}
            value={search.section ?? ''}
            onChange={(section) => change({ section: section || undefined })}
            allowDeselect={false}
          />
        )}
        <Links slug={slug} standings={standings} section={search.section} />
      </div>
      {empty}
      {drawn.lines.length > 0 && (
        <section aria-label="Points over time" className="stack-tight">
          <h2>
            Points over time{' '}
            <span className="dim">
              {rows.length > MOST_LINES ? `the first ${MOST_LINES}${drawn.lines.some((each) => each.own) ? ', and you' : ''}` : ''}
            </span>
          </h2>
          <PointsChart curves={drawn} />
        </section>
      )}
      {rows.length > 0 && (
        <>
          <Table standings={standings} rows={rows} by={by} own={own} sections={sections.length > 0} />
          {standings.tasks.length > 0 && <SolvedKey />}
        </>
      )}
    </Page>
  )
}

function Links({ slug, standings, section }: { slug: string; standings: Standings; section: string | undefined }) {
  return (
    <div className="row" style={{ gap: 16 }}>
      <Link
        to="/labs/$lab/standings"
        params={{ lab: slug }}
        search={{ projector: 1, ...(section && { section }) }}
        className="link row"
        title="Full screen, large type; Escape leaves it"
      >
        <ScreenIcon size={14} /> Projector
      </Link>
      {standings.revealed ? (
        <>
          <Link to="/labs/$lab/attempts" params={{ lab: slug }} className="link">
            Attempts
          </Link>
          <a className="link" href={calls.standingsUrl(slug, '.csv')} download>
            CSV
          </a>
          <a className="link" href={calls.standingsUrl(slug, '')}>
            JSON
          </a>
          <a className="link" href={calls.standingsUrl(slug, '/ctftime')}>
            CTFtime feed
          </a>
        </>
      ) : (
        <Link to="/labs/$lab/me" params={{ lab: slug }} className="link">
          My tasks
        </Link>
      )}
    </div>
  )
}

function Table({
  standings,
  rows,
  by,
  own,
  large = false,
  sections,
}: {
  standings: Standings
  rows: StandingsRow[]
  by: Solvers
  own: string | undefined
  large?: boolean
  sections: boolean
}) {
  const { tasks } = standings
  return (
    <div className={large ? '' : 'table-wrap'}>
      <table className={`table ${classes.table}`}>
        <thead>
          <tr>
            <th scope="col">Rank</th>
            <th scope="col">Name</th>
            {sections && (
              <th scope="col" className="wide-only">
                Section
              </th>
            )}
            <th scope="col" className={classes.right}>
              Points
            </th>
            <th scope="col" className={classes.right}>
              Done
            </th>
            {!large && (
              <th scope="col" className="wide-only">
                Last
              </th>
            )}
            {tasks.length > 0 && (
              <th scope="col" className="wide-only">
                <span className="sr-only">Tasks</span>
                <SolvedBy tasks={tasks} solvers={by} of={standings.rows.length} large={large} />
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.login} className={isOwn(row, own) ? classes.own : undefined}>
              <td className="num">{row.rank}</td>
              <td>
                {standings.revealed && !large && !row.team ? (
                  <Link to="/labs/$lab/members/$login" params={{ lab: standings.lab, login: row.login }}>
                    {row.name}
                  </Link>
                ) : (
                  row.name
                )}{' '}
                {!large && row.name !== row.login && (
                  <span className="dim wide-only">{row.team ? row.team.join(', ') : row.login}</span>
                )}
                {isOwn(row, own) && <span className="dim"> you</span>}
                {!large && tasks.length > 0 && (
                  <div className={`phone-only ${classes.under}`}>
                    <Solved tasks={tasks} row={row} solvers={by} fluid />
                  </div>
                )}
              </td>
              {sections && (
                <td className="wide-only">
                  {row.section} <span className="dim num">{row.section && `#${row.section_rank}`}</span>
                </td>
              )}
              <td className={`num ${classes.right}`}>
                <b>{points(row.points)}</b>
              </td>
              <td className={`num ${classes.right}`}>{row.done.length}</td>
              {!large && <td className="dim nowrap wide-only">{row.reached_at ? <Time at={row.reached_at} /> : '–'}</td>}
              {tasks.length > 0 && (
                <td className="wide-only">
                  <Solved tasks={tasks} row={row} solvers={by} large={large} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Wall({ children }: { children: React.ReactNode }) {
  return <main className={classes.wall}>{children}</main>
}

/** Goes down by itself and begins anew, when there is more than the screen can show. */
function Scroller({ children }: { children: React.ReactNode }) {
  const [place, setPlace] = useState<HTMLDivElement | null>(null)
  const calm = useReducedMotion()
  useEffect(() => {
    if (!place) return
    const begun = performance.now()
    const go = () => {
      const over = place.scrollHeight - place.clientHeight
      const elapsed = (performance.now() - begun) / 1000
      // Who wants no motion gets screens, one after the other.
      const down = scrolled(elapsed, over, 40)
      place.scrollTop = calm ? Math.floor(down / place.clientHeight) * place.clientHeight : down
      next = requestAnimationFrame(go)
    }
    let next = requestAnimationFrame(go)
    return () => cancelAnimationFrame(next)
  }, [place, calm])
  return (
    <div ref={setPlace} className={classes.wallScroller} tabIndex={0} role="region" aria-label="Table, scrolls by itself">
      {children}
    </div>
  )
}

function useStandingsStream(slug: string, wall: boolean, wanted: boolean): LineState {
  const client = useQueryClient()
  const [line, setLine] = useState<LineState>('connecting')
  useEffect(() => {
    if (!wanted) return
    const events = openEvents(
      `${BASE}/labs/${encodeURIComponent(slug)}/standings/events${wall ? '?as_students=true' : ''}`,
      {
        standings: (data) => client.setQueryData(standingsQuery(slug, wall).queryKey, data as Standings),
        changes: (data) =>
          client.setQueryData(standingsQuery(slug, wall).queryKey, (before) =>
            before && changed(before, data as StandingsChange),
          ),
      },
      setLine,
    )
    return () => events.close()
  }, [slug, wall, wanted, client])
  return line
}
