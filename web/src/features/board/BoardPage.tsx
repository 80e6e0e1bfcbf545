// The board of a lab: overview, controls and grid in one scroller, the member drawer beside it.

import { Drawer, Menu, SegmentedControl, Select, TextInput, UnstyledButton } from '@mantine/core'
import { useHotkeys, useMediaQuery } from '@mantine/hooks'
import { useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useCallback, useDeferredValue, useMemo, useRef, useState } from 'react'
import { boardQuery } from '@/api/queries'
import { EmptyState, Page } from '@/ui/Blocks'
import { ScreenIcon, SearchIcon } from '@/ui/icons'
import { LineMark } from '@/ui/LineMark'
import { TaskGlyph } from '@/ui/Glyphs'
import { LAB_STATE } from '@/ui/words'
import classes from './BoardPage.module.css'
import { BoardGrid } from './Grid'
import { MemberPanel } from './Member'
import { Pace, SharedErrors } from './Overview'
import { useBoardStream } from './stream'
import { anonymousNames, type BoardSort, rows, sections } from './view'

export interface BoardSearch {
  sort?: BoardSort | undefined
  section?: string | undefined
  q?: string | undefined
  error?: string | undefined
  member?: string | undefined
  projector?: number | undefined
  anon?: number | undefined
}

export function BoardPage({
  slug,
  search,
  change,
}: {
  slug: string
  search: BoardSearch
  change: (patch: BoardSearch, push?: boolean) => void
}) {
  const { data: board } = useSuspenseQuery(boardQuery(slug))
  const line = useBoardStream(slug)
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const filter = useRef<HTMLInputElement>(null)
  const wide = useMediaQuery('(min-width: 900px)') ?? true
  const [query, setQuery] = useState(search.q ?? '')
  const deferred = useDeferredValue(query)

  const projector = search.projector === 1
  // Who needs help is for the instructor's eyes; the wall shows the class by name, or by progress when it has none.
  const sort = search.sort ?? (!projector ? 'need' : search.anon === 1 ? 'progress' : 'name')
  const members = useMemo(
    () => rows(board, { sort, section: search.section, query: deferred, error: search.error }),
    [board, sort, search.section, deferred, search.error],
  )
  const names = useMemo(
    () => (search.anon === 1 ? anonymousNames(board.members) : null),
    // Joining or leaving may renumber; a changed row does not.
    [search.anon, board.members],
  )
  const sectionNames = useMemo(() => sections(board), [board])

  const changeRef = useRef(change)
  changeRef.current = change
  const open = useCallback((login: string) => changeRef.current({ member: login }, true), [])
  const toFilter = useCallback(() => filter.current?.focus(), [])
  useHotkeys([
    ['/', toFilter],
    ['Escape', () => projector && changeRef.current({ projector: undefined, anon: undefined })],
  ])

  if (board.members.length === 0) {
    return (
      <Page>
        <EmptyState
          title="Nobody is in this lab yet"
          actions={
            <Link to="/labs/$lab/roster" params={{ lab: slug }} className="link">
              Go to the roster
            </Link>
          }
        >
          <p>Paste a roster first; then prepare the lab, so that everybody has a database. They appear here at once.</p>
        </EmptyState>
      </Page>
    )
  }
  if (board.tasks.length === 0) {
    return (
      <Page>
        <EmptyState
          title="This lab has no tasks yet"
          actions={
            <Link to="/labs/$lab/tasks" params={{ lab: slug }} className="link">
              Go to the tasks
            </Link>
          }
        >
          <p>Give it an example database: pglab derives the tasks from its tables, views and functions.</p>
        </EmptyState>
      </Page>
    )
  }

  const grid = (
    <BoardGrid
      board={board}
      members={members}
      sort={sort}
      projector={projector}
      reasons={!projector}
      names={names}
      scroller={scroller}
      onOpen={projector ? null : open}
      onFilter={toFilter}
    />
  )

  if (projector) {
    return (
      <div ref={setScroller} className={`${classes.scroller} ${classes.full}`}>
        <div className={classes.projectorHead}>
          <h1>{board.title}</h1>
          <LineMark state={line} />
          <div className={classes.projectorPace}>
            <Pace board={board} members={members} />
          </div>
        </div>
        {grid}
      </div>
    )
  }

  return (
    <>
      <div ref={setScroller} className={classes.scroller}>
        <div className={classes.above}>
          <div className={classes.overview}>
            <Pace board={board} members={members} />
            <SharedErrors
              board={board}
              selected={search.error}
              onSelect={(error) => change({ error }, true)}
            />
          </div>
          <div className={classes.controls}>
            <SegmentedControl
              size="xs"
              aria-label="Sort by"
              value={sort}
              onChange={(value) => change({ sort: value === 'need' ? undefined : (value as BoardSort) })}
              data={[
                { value: 'need', label: 'Need' },
                { value: 'progress', label: 'Progress' },
                { value: 'name', label: 'Name' },
              ]}
            />
            {sectionNames.length > 0 && (
              <Select
                size="xs"
                w={150}
                aria-label="Section"
                placeholder="All sections"
                clearable
                data={sectionNames}
                value={search.section ?? null}
                onChange={(value) => change({ section: value ?? undefined })}
              />
            )}
            <TextInput
              ref={filter}
              size="xs"
              w={170}
              aria-label="Filter by name or seat"
              placeholder="Filter    /"
              leftSection={<SearchIcon size={13} />}
              value={query}
              onChange={(event) => setQuery(event.currentTarget.value)}
              onBlur={() => change({ q: query || undefined })}
              onKeyDown={(event) => {
                if (event.key === 'Escape') {
                  setQuery('')
                  event.currentTarget.blur()
                }
                if (event.key === 'Enter' || event.key === 'ArrowDown') {
                  event.preventDefault()
                  scroller?.querySelector<HTMLElement>('[role=grid]')?.focus()
                }
              }}
            />
            <Legend />
            <span className="spacer" />
            {board.state !== 'open' && <span className="dim">{LAB_STATE[board.state]}</span>}
            <LineMark state={line} />
            <Menu position="bottom-end" width={220}>
              <Menu.Target>
                <UnstyledButton className={classes.projectorLink}>
                  <ScreenIcon size={14} /> Projector
                </UnstyledButton>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>Large type, no controls; Esc leaves</Menu.Label>
                <Menu.Item onClick={() => change({ projector: 1, anon: undefined, sort: undefined, member: undefined }, true)}>
                  With names
                </Menu.Item>
                <Menu.Item onClick={() => change({ projector: 1, anon: 1, sort: undefined, member: undefined }, true)}>
                  Without names
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </div>
        </div>
        {grid}
        {members.length === 0 && (
          <p className={`dim ${classes.nobody}`}>
            Nobody matches.{' '}
            <button
              type="button"
              className={classes.plain}
              onClick={() => {
                setQuery('')
                change({ q: undefined, section: undefined, error: undefined })
              }}
            >
              Show all
            </button>
          </p>
        )}
      </div>
      <Drawer
        opened={search.member !== undefined}
        onClose={() => change({ member: undefined })}
        position="right"
        size={wide ? 640 : '100%'}
        withCloseButton={false}
        padding={0}
        withOverlay={false}
        lockScroll={false}
        trapFocus={false}
        shadow="xl"
        transitionProps={{ duration: 120 }}
        attributes={{ content: { 'aria-label': 'Member' } }}
        classNames={{ content: classes.drawer ?? '' }}
      >
        {search.member !== undefined && (
          <MemberPanel
            key={search.member}
            slug={slug}
            login={search.member}
            row={board.members.find((member) => member.login === search.member)}
            onClose={() => change({ member: undefined })}
          />
        )}
      </Drawer>
    </>
  )
}

function Legend() {
  return (
    <span className={classes.legend} aria-hidden="true">
      <TaskGlyph state="not_started" size={14} /> not started
      <TaskGlyph state="working" size={14} /> working
      <TaskGlyph state="partly" share={0.5} size={14} /> partly
      <TaskGlyph state="done" size={14} /> done
      <TaskGlyph state="broken_again" size={14} /> broken again
    </span>
  )
}

