// Above the grid: the class in one line of numbers, its pace as a strip, and the errors that several people share.

import { Tooltip } from '@mantine/core'
import { useMemo } from 'react'
import type { Board, BoardMember } from '@/api/types'
import { percent, plural, points } from '@/ui/format'
import { Time } from '@/ui/Time'
import classes from './Overview.module.css'
import { paceBuckets } from './view'

const BUCKETS = 25

export function Pace({ board, members }: { board: Board; members: BoardMember[] }) {
  const buckets = useMemo(() => paceBuckets(members, BUCKETS), [members])
  const most = Math.max(1, ...buckets)
  const max = members[0]?.max_score ?? 0
  const median = board.class.pace.median_score
  const hands = members.filter((member) => member.hand).length
  const finished = members.filter((member) => member.state === 'done').length
  const blocked = members.filter((member) => member.activity.state === 'blocked').length
  return (
    <section className={classes.pace} aria-label="Pace of the class">
      <p className={`${classes.numbers} num`}>
        <span>
          <b>{board.class.n_connected}</b> of {board.class.n_members} connected
        </span>
        <span>
          median <b>{points(median)}</b> of {points(max)}
        </span>
        <span>
          <b>{finished}</b> finished
        </span>
        {blocked > 0 && (
          <span>
            <b>{blocked}</b> blocked
          </span>
        )}
        {hands > 0 && (
          <span className={classes.hands}>
            <b>{hands}</b> {hands === 1 ? 'hand' : 'hands'} up
          </span>
        )}
      </p>
      <div className={classes.strip} role="img" aria-label={`Median ${percent(median, max)} percent of the points`}>
        {buckets.map((n, i) => (
          <Tooltip
            // The buckets are fixed places on the axis.
            key={`${i * (100 / BUCKETS)}`}
            label={`${plural(n, 'student')} at ${Math.round((i * 100) / BUCKETS)}–${Math.round(((i + 1) * 100) / BUCKETS)} %`}
            disabled={n === 0}
          >
            <span className={classes.slot}>
              <span
                className={classes.column}
                style={{ height: n === 0 ? 0 : `${Math.max(12, (100 * n) / most)}%` }}
              />
            </span>
          </Tooltip>
        ))}
        {max > 0 && (
          <span
            className={classes.median}
            style={{ left: `${Math.min(100, (100 * median) / max)}%` }}
            aria-hidden="true"
          />
        )}
      </div>
      <div className={`${classes.axis} num`} aria-hidden="true">
        <span>0</span>
        <span>{points(max)} points</span>
      </div>
    </section>
  )
}

export function SharedErrors({
  board,
  selected,
  onSelect,
}: {
  board: Board
  selected: string | undefined
  onSelect: (message: string | undefined) => void
}) {
  const errors = board.shared_errors.slice(0, 3)
  return (
    <section className={classes.errors} aria-label="Errors that several students share">
      <h2 className={classes.title}>Shared errors</h2>
      {errors.length === 0 && <p className="faint">No error is shared by several students at the moment.</p>}
      <ul>
        {errors.map((error) => {
          const on = selected === error.message
          return (
            <li key={`${error.sqlstate}${error.message}`}>
              <button
                type="button"
                aria-pressed={on}
                className={on ? classes.on : ''}
                onClick={() => onSelect(on ? undefined : error.message)}
                title={`SQLSTATE ${error.sqlstate} · ${error.logins.join(', ')}`}
              >
                <span className={`${classes.people} num`}>{plural(error.n_members, 'person', 'people')}</span>
                <span className={`mono ${classes.message}`}>{error.message}</span>
                <span className={classes.when}>
                  <Time at={error.last_at} />
                </span>
              </button>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
