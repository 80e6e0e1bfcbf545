// A student's workspace: tasks, tables and history on one side, a SQL console on the other. For those who teach, the
// same console on a student's database, which then only reads.

import { Button, Kbd, Menu, Tabs } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { myPageQuery } from '@/api/queries'
import { DownIcon } from '@/ui/icons'
import type { ConsoleEditor } from '@/ui/SqlConsoleEditor'
import { namespace } from './catalog'
import { DiagramView } from './DiagramView'
import { HistoryList } from './HistoryList'
import { readDraft, readHistory, remembered, writeDraft, writeHistory } from './history'
import { Results } from './Results'
import { SchemaBrowser } from './SchemaBrowser'
import { errorPlace, type Talk } from './session'
import { TaskPane } from './TaskPane'
import { type Console, useConsole } from './useConsole'
import classes from './Workspace.module.css'

const Editor = lazy(() => import('@/ui/SqlConsoleEditor'))

type Side = 'tasks' | 'tables' | 'history' | 'sql'

/** `login` is whose database is looked into; null for one's own. */
export function WorkspacePage({ slug, login }: { slug: string; login: string | null }) {
  const client = useQueryClient()
  const page = useQuery({ ...myPageQuery(slug), enabled: login === null }).data
  const wide = useMediaQuery('(min-width: 960px)', true, { getInitialValueInEffect: false }) ?? true
  const of = `${slug}/${login ?? page?.member.login ?? ''}`
  const [picked, setSide] = useState<Side | null>(null)
  const first: Side = login === null ? 'tasks' : wide ? 'tables' : 'sql'
  const side = picked === null || (wide && picked === 'sql') ? first : picked
  const [below, setBelow] = useState<'results' | 'diagram'>('results')
  const [history, setHistory] = useState(() => readHistory(of))
  const editor = useRef<ConsoleEditor>(null)
  /** What was asked for, without the EXPLAIN that was put before it. */
  const asked = useRef('')

  const onFinished = useCallback(
    (talk: Talk) => {
      const { run } = talk
      if (!run) return
      editor.current?.mark(errorPlace(run))
      const ok = run.lost === null && run.results.every((result) => result.error === null)
      setHistory((was) => {
        const next = remembered(was, { sql: asked.current, at: Date.now(), ms: run.ms, ok })
        writeHistory(of, next)
        return next
      })
      // The check follows the COMMIT within a second or so; the page asks every two.
      window.setTimeout(() => void client.invalidateQueries({ queryKey: myPageQuery(slug).queryKey }), 1200)
    },
    [client, of, slug],
  )
  const console = useConsole(slug, login, onFinished)
  const { talk } = console

  const start = useCallback(
    (sql: string, from: number, prefix = '') => {
      if (sql.trim() === '') return
      asked.current = sql
      setBelow('results')
      editor.current?.mark(null)
      // Positions come back counted from the prefix.
      console.run(prefix + sql, from - prefix.length)
    },
    [console.run],
  )
  const runChosen = useCallback(() => {
    const chosen = editor.current?.chosen(true)
    if (chosen) start(chosen.text, chosen.from)
  }, [start])
  const runStatement = useCallback(
    (prefix: string) => {
      const chosen = editor.current?.statement()
      if (chosen) start(chosen.text, chosen.from, prefix)
    },
    [start],
  )
  const completion = useMemo(() => (console.catalog ? namespace(console.catalog) : undefined), [console.catalog])
  const toSql = () => {
    if (!wide) setSide('sql')
  }

  const tables = (
    <SchemaBrowser
      catalog={console.catalog}
      onInsert={(text) => {
        toSql()
        editor.current?.insert(text)
      }}
      onSelect={(table) => {
        toSql()
        start(`SELECT * FROM ${table} LIMIT 100`, 0)
      }}
    />
  )
  const past = (
    <HistoryList
      history={history}
      onPick={(sql) => {
        toSql()
        editor.current?.replace(sql)
      }}
      onForget={() => {
        setHistory([])
        writeHistory(of, [])
      }}
    />
  )
  const tasks = page ? <TaskPane slug={slug} page={page} /> : null
  const sides = [
    { value: 'tasks', shown: tasks },
    { value: 'tables', shown: tables },
    { value: 'history', shown: past },
  ].map(
    ({ value, shown }) =>
      shown && (
        <Tabs.Panel key={value} value={value} className={classes.sidePanel ?? ''}>
          {shown}
        </Tabs.Panel>
      ),
  )

  const pane = (
    <section className={classes.console} aria-label="SQL console">
      <Bar console={console} wide={wide} onRun={runChosen} onStatement={runStatement} />
      <div className={classes.editor}>
        <Suspense fallback={null}>
          <Editor
            key={of}
            initial={readDraft(of)}
            onChange={(text) => writeDraft(of, text)}
            onRun={runChosen}
            onRunStatement={() => runStatement('')}
            label="SQL"
            placeholder={'SELECT …\n\nCtrl Enter runs what is selected, or everything.'}
            schema={completion}
            defaultSchema={console.catalog?.search_path.find((schema) => schema !== 'pg_catalog')}
            handle={editor}
          />
        </Suspense>
      </div>
      <div className={classes.below}>
        <div className={classes.belowTabs} role="tablist" aria-label="Below the editor">
          {(['results', 'diagram'] as const).map((each) => (
            <button
              key={each}
              type="button"
              role="tab"
              aria-selected={below === each}
              className={classes.belowTab}
              onClick={() => setBelow(each)}
            >
              {each === 'results' ? 'Results' : 'Diagram'}
            </button>
          ))}
        </div>
        {below === 'diagram' ? (
          <DiagramView catalog={console.catalog} />
        ) : talk.run ? (
          <Results run={talk.run} running={talk.running} onGoTo={(at) => editor.current?.goTo(errorPlace(talk.run!) ?? at)} />
        ) : (
          <p className={`dim ${classes.nothing}`}>
            Results appear here. {login === null && 'What you change counts for your tasks, just as from psql.'}
          </p>
        )}
      </div>
    </section>
  )

  return (
    <div className={classes.workspace}>
      <header className={classes.head}>
        {login === null ? (
          <Link to="/labs/$lab/me" params={{ lab: slug }} className="link">
            ← {page?.lab.title ?? slug}
          </Link>
        ) : (
          <Link to="/labs/$lab/board" params={{ lab: slug }} className="link">
            ← Board
          </Link>
        )}
        <h1 className={classes.title}>{login === null ? 'Workspace' : `Database of ${login}`}</h1>
        {login === null && page?.may.includes('standings') && (
          <Link to="/labs/$lab/standings" params={{ lab: slug }} className="link">
            Standings
          </Link>
        )}
        {login !== null && <span className="dim">Only for looking: nothing that you run is kept.</span>}
      </header>
      {wide ? (
        <div className={classes.columns}>
          <aside className={classes.side} aria-label="Tasks, tables and history">
            <Tabs
              value={side}
              onChange={(value) => value && setSide(value as Side)}
              keepMounted={false}
              className={classes.sideTabs ?? ''}
            >
              <Tabs.List>
                {tasks && <Tabs.Tab value="tasks">Tasks</Tabs.Tab>}
                <Tabs.Tab value="tables">Tables</Tabs.Tab>
                <Tabs.Tab value="history">History</Tabs.Tab>
              </Tabs.List>
              {sides}
            </Tabs>
          </aside>
          {pane}
        </div>
      ) : (
        <Tabs value={side} onChange={(value) => value && setSide(value as Side)} className={classes.phone ?? ''}>
          <Tabs.List grow>
            {tasks && <Tabs.Tab value="tasks">Tasks</Tabs.Tab>}
            <Tabs.Tab value="sql">SQL</Tabs.Tab>
            <Tabs.Tab value="tables">Tables</Tabs.Tab>
            <Tabs.Tab value="history">History</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="sql" className={classes.phoneSql ?? ''}>
            {pane}
          </Tabs.Panel>
          {sides}
        </Tabs>
      )}
    </div>
  )
}

function Bar({
  console,
  wide,
  onRun,
  onStatement,
}: {
  console: Console
  wide: boolean
  onRun: () => void
  onStatement: (prefix: string) => void
}) {
  const { talk, link } = console
  return (
    <div className={classes.bar}>
      {talk.running ? (
        <Button onClick={console.cancel} variant="filled" color="orange">
          Cancel
        </Button>
      ) : (
        <Button onClick={onRun} variant="filled" rightSection={wide ? <Kbd size="xs">Ctrl ↵</Kbd> : undefined}>
          Run
        </Button>
      )}
      <Menu position="bottom-start">
        <Menu.Target>
          <Button rightSection={<DownIcon size={12} />} disabled={talk.running}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onStatement('')} rightSection={<Kbd size="xs">Shift Ctrl ↵</Kbd>}>
            Run the statement at the cursor
          </Menu.Item>
          <Menu.Item onClick={() => onStatement('EXPLAIN (FORMAT JSON) ')}>Explain it, without running it</Menu.Item>
          <Menu.Item onClick={() => onStatement('EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ')}>
            Run it and explain where the time went
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {talk.running && <Clock />}
      <span className="spacer" />
      {link.state === 'closed' ? (
        <span className={classes.closed} role="status">
          {link.reason}{' '}
          <button type="button" className={classes.again} onClick={console.reconnect}>
            Connect again
          </button>
        </span>
      ) : link.state === 'connecting' ? (
        <span className="dim" role="status">
          connecting…
        </span>
      ) : (
        <TransactionBadge state={talk.transaction} />
      )}
    </div>
  )
}

function TransactionBadge({ state }: { state: Talk['transaction'] }) {
  if (state === 'none') {
    return (
      <span className="faint" title="Every statement is kept as soon as it is done">
        no transaction
      </span>
    )
  }
  return state === 'open' ? (
    <span className={classes.open} title="Nothing is kept, nor seen by the checks, before COMMIT">
      ◐ transaction open
    </span>
  ) : (
    <span className={classes.failed} title="Nothing is done any more but ROLLBACK">
      ▲ transaction failed: ROLLBACK
    </span>
  )
}

/** How long it has been running. */
function Clock() {
  const [begun] = useState(() => performance.now())
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = window.setInterval(() => tick((n) => n + 1), 200)
    return () => window.clearInterval(timer)
  }, [])
  return <span className="dim num">{((performance.now() - begun) / 1000).toFixed(1)} s</span>
}
