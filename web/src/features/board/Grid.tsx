// The grid: members down, tasks across. Rows are virtual and memoised; header and first column stay in view.

import { Tooltip } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type CSSProperties,
  type KeyboardEvent,
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import type { Board, BoardMember, BoardTaskCell } from '@/api/types'
import { points } from '@/ui/format'
import { ActivityGlyph, TaskGlyph } from '@/ui/Glyphs'
import { HandIcon } from '@/ui/icons'
import { ago } from '@/ui/format'
import { ACTIVITY, cellLabel, shortTitle } from '@/ui/words'
import classes from './Grid.module.css'
import { type Cursor, moveCursor } from './keys'
import { type BoardSort, completions, reasonsShown } from './view'

interface GridProps {
  board: Board
  members: BoardMember[]
  sort: BoardSort
  projector: boolean
  /** Says under the first rows why they need help; not on a screen that everybody sees. */
  reasons: boolean
  /** Shown instead of names where the screen is everybody's. */
  names: Map<string, string> | null
  scroller: HTMLDivElement | null
  onOpen: ((login: string) => void) | null
  onFilter: () => void
}

interface Measures {
  name: number
  score: number
  cell: number
  row: number
  rowTall: number
  head: number
  glyph: number
  upright: boolean
}

/** How wide things are, from the room there is. */
export function measures(width: number, nTasks: number, longest: number, projector: boolean): Measures {
  const phone = width < 640
  const name = projector ? Math.min(420, Math.max(170, width * 0.3)) : phone ? 148 : Math.min(320, Math.max(220, width * 0.24))
  const score = projector ? 132 : phone ? 0 : 98
  const least = projector ? 40 : phone ? 30 : 27
  const most = projector ? 130 : 104
  const room = (width - name - score - (phone ? 0 : 40)) / Math.max(1, nTasks)
  const cell = Math.floor(Math.max(least, Math.min(most, room)))
  // Titles stand upright where the longest word of any would not fit across.
  const letter = projector ? 9.6 : 6.8
  const upright = cell < Math.min(longest * letter + 12, projector ? 116 : 84)
  const tallest = Math.min(longest * letter + 34, projector ? 200 : phone ? 122 : 146)
  return {
    name,
    score,
    cell,
    row: projector ? 46 : phone ? 40 : 30,
    rowTall: projector ? 72 : phone ? 56 : 46,
    head: Math.round(upright ? Math.max(64, tallest) : projector ? 84 : 58),
    glyph: projector ? 26 : 16,
    upright,
  }
}

export function BoardGrid({ board, members, sort, projector, reasons, names, scroller, onOpen, onFilter }: GridProps) {
  const host = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(1200)
  const [offset, setOffset] = useState(0)
  const [cursor, setCursor] = useState<Cursor | null>(null)
  const [focused, setFocused] = useState(false)

  // What is above the grid scrolls with it: the virtualiser has to know how much that is.
  useLayoutEffect(() => {
    const element = scroller
    if (!element) return
    const measure = () => {
      setWidth(element.clientWidth)
      if (host.current) {
        setOffset(Math.round(host.current.getBoundingClientRect().top - element.getBoundingClientRect().top + element.scrollTop))
      }
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [scroller])

  const longest = useMemo(
    () => board.tasks.reduce((most, task) => Math.max(most, shortTitle(task.title).length), 0),
    [board.tasks],
  )
  const m = useMemo(
    () => measures(width, board.tasks.length, longest, projector),
    [width, board.tasks.length, longest, projector],
  )
  const done = useMemo(() => completions(board, members), [board, members])
  const tall = useCallback(
    (index: number) => {
      const member = members[index]
      return reasons && member !== undefined && reasonsShown(member, index, sort)?.beside === false
    },
    [members, reasons, sort],
  )

  const virtual = useVirtualizer({
    count: members.length,
    getScrollElement: () => scroller,
    estimateSize: (index) => (tall(index) ? m.rowTall : m.row),
    getItemKey: (index) => members[index]?.login ?? index,
    overscan: 8,
    useFlushSync: false,
    scrollMargin: offset + m.head,
    scrollPaddingStart: m.head + 8,
    scrollPaddingEnd: 24,
  })
  const heights = members.map((_, i) => (tall(i) ? 1 : 0)).join('')
  useEffect(() => {
    virtual.measure()
    // The heights as text: measured anew only when one of them changed.
  }, [heights, m, virtual])

  const at = cursor && cursor.row < members.length ? cursor : null

  const reveal = (to: Cursor) => {
    virtual.scrollToIndex(to.row, { align: 'auto' })
    const element = scroller
    if (element && to.col >= 0) {
      const left = to.col * m.cell
      const room = element.clientWidth - m.name - m.score
      if (left < element.scrollLeft) element.scrollLeft = left
      else if (left + m.cell > element.scrollLeft + room) element.scrollLeft = left + m.cell - room + 24
    } else if (element) {
      element.scrollLeft = 0
    }
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey) return
    if (event.key === '/') {
      event.preventDefault()
      onFilter()
      return
    }
    if (event.key === 'Enter' && at) {
      const member = members[at.row]
      if (member && onOpen) {
        event.preventDefault()
        onOpen(member.login)
      }
      return
    }
    if (event.key === 'Escape') {
      setCursor(null)
      return
    }
    const grid = { rows: members.length, cols: board.tasks.length, page: 12 }
    const to = moveCursor(at, event.key, grid, event.ctrlKey)
    if (to) {
      event.preventDefault()
      setCursor(to)
      reveal(to)
    }
  }

  const items = virtual.getVirtualItems()
  const style = {
    '--name-w': `${m.name}px`,
    '--score-w': `${m.score}px`,
    '--cell-w': `${m.cell}px`,
    '--head-h': `${m.head}px`,
    '--tasks': board.tasks.length,
  } as CSSProperties

  return (
    <div
      ref={host}
      className={`${classes.grid} ${projector ? classes.projector : ''}`}
      style={style}
      role="grid"
      aria-label={`Board of ${board.title}`}
      aria-rowcount={members.length + 1}
      aria-colcount={board.tasks.length + 2}
      aria-activedescendant={at && focused ? `cell-${at.row}-${at.col}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
      data-testid="board-grid"
    >
      <div className={classes.head} role="row" aria-rowindex={1}>
        <div className={classes.corner} role="columnheader" aria-colindex={1}>
          <span>{members.length === board.members.length ? 'Student' : `${members.length} of ${board.members.length}`}</span>
        </div>
        {m.score > 0 && (
          <div className={`${classes.scoreHead} num`} role="columnheader" aria-colindex={2}>
            Points
          </div>
        )}
        {board.tasks.map((task, i) => (
          <Tooltip
            key={task.id}
            label={`${task.title} · ${points(task.points)} points · ${done[i] ?? 0} of ${members.length} done`}
          >
            <div
              className={`${classes.taskHead} ${m.upright ? classes.upright : ''} ${at?.col === i && focused ? classes.onCol : ''}`}
              role="columnheader"
              aria-colindex={i + 3}
              aria-label={`${task.title}, ${points(task.points)} points, ${done[i] ?? 0} of ${members.length} done`}
            >
              <span className={classes.taskTitle}>{shortTitle(task.title)}</span>
              <span className={`${classes.taskDone} num`}>{done[i] ?? 0}</span>
            </div>
          </Tooltip>
        ))}
      </div>
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
        {items.map((item) => {
          const member = members[item.index]
          if (!member) return null
          return (
            <Row
              key={item.key}
              member={member}
              index={item.index}
              top={item.start - offset - m.head}
              height={item.size}
              glyph={m.glyph}
              reason={reasons ? (reasonsShown(member, item.index, sort)?.text ?? null) : null}
              tall={tall(item.index)}
              name={names ? (names.get(member.login) ?? '') : member.name}
              anonymous={names !== null}
              withScore={m.score > 0}
              cursorCol={focused && at?.row === item.index ? at.col : null}
              onOpen={onOpen}
            />
          )
        })}
      </div>
    </div>
  )
}

interface RowProps {
  member: BoardMember
  index: number
  top: number
  height: number
  glyph: number
  /** Why they need help, where the page says it. */
  reason: string | null
  tall: boolean
  name: string
  anonymous: boolean
  withScore: boolean
  cursorCol: number | null
  onOpen: ((login: string) => void) | null
}

/** Whether a row would be drawn the same: another rank moves it, but does not change it. */
function sameRow(a: RowProps, b: RowProps): boolean {
  for (const key of Object.keys(a) as (keyof RowProps)[]) {
    if (key !== 'member' && a[key] !== b[key]) return false
  }
  if (a.member === b.member) return true
  const { need, ...was } = a.member
  const { need: nextNeed, ...is } = b.member
  return (
    need.reasons === nextNeed.reasons &&
    (Object.keys(is) as (keyof typeof is)[]).every((key) => was[key] === is[key]) &&
    Object.keys(was).length === Object.keys(is).length
  )
}

function activityTitle(member: BoardMember): string {
  const since = member.activity.since ?? member.activity.last_seen_at
  const words = ACTIVITY[member.activity.state] ?? member.activity.state
  if (member.activity.state === 'none') {
    return member.activity.last_seen_at
      ? `${words}; last seen ${ago(member.activity.last_seen_at, Date.now())}`
      : `${words} yet`
  }
  return since ? `${words}, since ${ago(since, Date.now()).replace(' ago', '')}` : words
}

const Row = memo(function Row({
  member,
  index,
  top,
  height,
  glyph,
  reason,
  tall,
  name,
  anonymous,
  withScore,
  cursorCol,
  onOpen,
}: RowProps) {
  const open = onOpen ? () => onOpen(member.login) : undefined
  const full = member.max_score > 0 && member.score >= member.max_score
  return (
    <div
      className={`${classes.row} ${cursorCol !== null ? classes.onRow : ''} ${open ? classes.opens : ''}`}
      style={{ transform: `translateY(${top}px)`, height }}
      role="row"
      aria-rowindex={index + 2}
      onClick={open}
      data-login={member.login}
    >
      <div
        className={`${classes.name} ${cursorCol === -1 ? classes.cursor : ''}`}
        role="rowheader"
        aria-colindex={1}
        id={`cell-${index}--1`}
        aria-label={`${name}, ${points(member.score)} of ${points(member.max_score)} points, ${ACTIVITY[member.activity.state]}${
          member.hand ? `, hand raised${member.hand.why ? `: ${member.hand.why}` : ''}` : ''
        }${member.need.reasons.length > 0 ? `. ${member.need.reasons.join(' ')}` : ''}`}
      >
        <span className={classes.activity} title={activityTitle(member)}>
          <ActivityGlyph state={member.activity.state} size={glyph > 20 ? 18 : 12} />
        </span>
        <span className={classes.who}>
          <span className={classes.nameLine}>
            <span className="clip">{name}</span>
            {!anonymous && member.section && (tall || !reason) && <span className={classes.section}>{member.section}</span>}
            {!tall && reason && <span className={classes.beside}>{reason}</span>}
            {member.hand && (
              <span className={classes.hand} title={member.hand.why ?? 'Hand raised'}>
                <HandIcon size={glyph > 20 ? 20 : 14} />
              </span>
            )}
          </span>
          {tall && (
            <span className={classes.reason} title={reason ?? ''}>
              {member.hand?.why && <b>“{member.hand.why}” </b>}
              {reason}
            </span>
          )}
        </span>
        {!withScore && <span className={`${classes.smallScore} num`}>{points(member.score)}</span>}
      </div>
      {withScore && (
        <div className={classes.score} role="gridcell" aria-colindex={2}>
          <span className={`num ${full ? classes.full : ''}`}>{points(member.score)}</span>
          <span className={classes.track} aria-hidden="true">
            <span style={{ width: `${member.max_score > 0 ? (100 * member.score) / member.max_score : 0}%` }} />
          </span>
        </div>
      )}
      {member.tasks.map((task, i) => (
        <Cell
          key={task.id}
          who={name}
          task={task}
          id={`cell-${index}-${i}`}
          col={i + 3}
          cursor={cursorCol === i}
          size={glyph}
        />
      ))}
    </div>
  )
}, sameRow)

function Cell({
  who,
  task,
  id,
  col,
  cursor,
  size,
}: {
  who: string
  task: BoardTaskCell
  id: string
  col: number
  cursor: boolean
  size: number
}) {
  const label = cellLabel(who, task)
  return (
    <div
      className={`${classes.cell} ${cursor ? classes.cursor : ''} ${task.stale ? classes.stale : ''}`}
      role="gridcell"
      aria-colindex={col}
      id={id}
      aria-label={label}
      title={label}
      data-task={task.id}
      data-state={task.state}
    >
      <TaskGlyph state={task.state} share={task.max_score > 0 ? task.now / task.max_score : 0} size={size} />
    </div>
  )
}
