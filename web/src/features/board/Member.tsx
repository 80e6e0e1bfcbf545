// One member in full: where they stand, tasks with verdicts, errors, timeline, connections, schema, kit, and what may
// be done for them. Drawn in the board's drawer and on a page of its own.

import { ActionIcon, Button, Loader, Menu, Tabs } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { labQuery, memberQuery, memberSchemaQuery } from '@/api/queries'
import type { BoardMember, MemberDetail } from '@/api/types'
import { KitPanel } from '@/features/kit/KitPanel'
import { mayAssist } from '@/features/labs/may'
import { PasswordShown, ResetDialog } from '@/features/kit/ResetDialog'
import { EmptyState, Fact, Facts, Notice } from '@/ui/Blocks'
import { plural, points } from '@/ui/format'
import { ActivityGlyph } from '@/ui/Glyphs'
import { CloseIcon, HandIcon, MoreIcon } from '@/ui/icons'
import { Sql } from '@/ui/Sql'
import { Time } from '@/ui/Time'
import { failed, told } from '@/ui/toast'
import { ACTIVITY, INSTANCE_STATE } from '@/ui/words'
import classes from './Member.module.css'
import { SchemaCompare } from './SchemaCompare'
import { TaskList } from './TaskList'

export function MemberPanel({
  slug,
  login,
  row,
  onClose,
}: {
  slug: string
  login: string
  row?: BoardMember | undefined
  onClose?: () => void
}) {
  const client = useQueryClient()
  const query = useQuery({ ...memberQuery(slug, login), refetchInterval: row ? false : 3_000 })
  const lab = useQuery(labQuery(slug))
  const [tab, setTab] = useState<string | null>('tasks')
  const [resetting, setResetting] = useState(false)
  const [password, setPassword] = useState<string | null>(null)

  // The board tells that something about this member changed; the details are read again then.
  useEffect(() => {
    if (row) void client.invalidateQueries({ queryKey: memberQuery(slug, login).queryKey, exact: true })
  }, [client, row, slug, login])

  const detail = query.data
  const head = row ?? detail
  if (!head) {
    return (
      <div className={classes.panel}>
        {query.isError ? (
          <EmptyState title="This member can't be shown">
            <p>{sentence(query.error)}</p>
          </EmptyState>
        ) : (
          <Loader size="sm" aria-label="Loading" />
        )}
      </div>
    )
  }
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['lab', slug, 'member', login] })
    void client.invalidateQueries({ queryKey: ['lab', slug, 'board'] })
  }
  const lower = () =>
    calls
      .handLower(slug, login)
      .then(() => {
        told(`${head.name}'s hand is down.`)
        refresh()
      })
      .catch(failed)
  const newPassword = () =>
    calls
      .memberPassword(slug, login)
      .then((answer) => setPassword(answer.password))
      .catch(failed)
  const assist = lab.data !== undefined && mayAssist(lab.data)

  return (
    <div className={classes.panel}>
      <header className={classes.head}>
        <div className={classes.title}>
          <h2>{head.name}</h2>
          <span className="dim">
            <code>{head.login}</code>
            {head.section ? ` · ${head.section}` : ''}
            {head.seat ? ` · seat ${head.seat}` : ''}
          </span>
        </div>
        {assist && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon aria-label={`What to do for ${head.name}`}>
                <MoreIcon />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                component="a"
                href={`/labs/${encodeURIComponent(slug)}/workspace?login=${encodeURIComponent(login)}`}
                target="_blank"
                rel="noopener"
              >
                Look into the database
              </Menu.Item>
              <Menu.Item onClick={newPassword}>Give a new password</Menu.Item>
              <Menu.Item color="orange" onClick={() => setResetting(true)}>
                Reset the database…
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
        {onClose && (
          <ActionIcon onClick={onClose} aria-label="Close">
            <CloseIcon />
          </ActionIcon>
        )}
      </header>

      {head.hand && (
        <div className={classes.hand}>
          <HandIcon size={18} />
          <div>
            <b>{head.hand.why || 'Raised their hand'}</b>
            <div className="dim">
              <Time at={head.hand.raised_at} />
            </div>
          </div>
          <Button onClick={lower}>Lower hand</Button>
        </div>
      )}
      {head.need.reasons.length > 0 && (
        <ul className={classes.reasons} aria-label="Why this member may need help">
          {head.need.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}

      <Facts>
        <Fact label="Points">
          <b>{points(head.score)}</b> of {points(head.max_score)}
          {head.now !== head.score && <span className="dim"> · now worth {points(head.now)}</span>}
        </Fact>
        <Fact label="Connections">
          <span className="row">
            <ActivityGlyph state={head.activity.state} />
            {head.activity.connections > 0
              ? `${head.activity.connections}, ${ACTIVITY[head.activity.state].replace('connected, ', '')}`
              : 'none'}
          </span>
        </Fact>
        <Fact label="Last seen">
          {head.activity.connections > 0 ? 'now' : <Time at={head.activity.last_seen_at} />}
        </Fact>
        <Fact label="Recent errors">{head.n_errors_recent}</Fact>
        <Fact label="Database">{INSTANCE_STATE[head.instance_state] ?? head.instance_state}</Fact>
      </Facts>

      <Tabs value={tab} onChange={setTab} keepMounted={false} classNames={{ panel: classes.tab ?? '' }}>
        <Tabs.List className={classes.tabs ?? ''}>
          <Tabs.Tab value="tasks">Tasks</Tabs.Tab>
          <Tabs.Tab value="errors">Errors{detail && detail.errors.length > 0 ? ` ${detail.errors.length}` : ''}</Tabs.Tab>
          <Tabs.Tab value="timeline">Timeline</Tabs.Tab>
          <Tabs.Tab value="connections">Connections</Tabs.Tab>
          <Tabs.Tab value="schema">Schema</Tabs.Tab>
          <Tabs.Tab value="kit">Kit</Tabs.Tab>
        </Tabs.List>
        {query.isError && !detail && (
          <Notice tone="error" title="The details can't be read">
            {sentence(query.error)}
          </Notice>
        )}
        <Tabs.Panel value="tasks">
          <TaskList tasks={detail?.tasks ?? head.tasks} />
        </Tabs.Panel>
        <Tabs.Panel value="errors">{detail && <Errors detail={detail} />}</Tabs.Panel>
        <Tabs.Panel value="timeline">{detail && <Timeline detail={detail} />}</Tabs.Panel>
        <Tabs.Panel value="connections">{detail && <Connections detail={detail} />}</Tabs.Panel>
        <Tabs.Panel value="schema">
          <Schema slug={slug} login={login} />
        </Tabs.Panel>
        <Tabs.Panel value="kit">
          {detail?.kit ? (
            <KitPanel kit={detail.kit} passwordNote="on the credentials page, while it is the initial one" />
          ) : (
            <p className="dim">There is a kit once the database is prepared.</p>
          )}
        </Tabs.Panel>
      </Tabs>
      {onClose && (
        <p>
          <Link to="/labs/$lab/members/$login" params={{ lab: slug, login }} className="link">
            Open as a page
          </Link>
        </p>
      )}

      <ResetDialog
        opened={resetting}
        onClose={() => setResetting(false)}
        slug={slug}
        login={login}
        database={detail?.kit?.database ?? null}
        onDone={refresh}
      />
      <PasswordShown login={login} password={password} onClose={() => setPassword(null)} />
    </div>
  )
}

function Errors({ detail }: { detail: MemberDetail }) {
  if (detail.errors.length === 0) return <p className="dim">No statement of theirs has failed so far.</p>
  return (
    <ul className={classes.list}>
      {detail.errors.map((error) => (
        <li key={`${error.at}${error.message}`}>
          <div className={classes.errorHead}>
            <span>{error.message}</span>
            <span className="faint nowrap">
              {error.times > 1 && <b className={classes.times}>{plural(error.times, 'time')}</b>}
              {error.times > 1 && ' · '}
              <code>{error.sqlstate}</code> · <Time at={error.at} />
            </span>
          </div>
          {error.statement && <Sql text={error.statement} />}
        </li>
      ))}
    </ul>
  )
}

function Timeline({ detail }: { detail: MemberDetail }) {
  if (detail.timeline.length === 0) return <p className="dim">Nothing has happened yet.</p>
  return (
    <table className="table">
      <tbody>
        {detail.timeline.map((event) => (
          <tr key={`${event.at}${event.text}`}>
            <td className="faint nowrap" style={{ width: 1 }}>
              <Time at={event.at} />
            </td>
            <td>{event.text}</td>
            <td className="right num">{event.points ? `+${points(event.points)}` : ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Connections({ detail }: { detail: MemberDetail }) {
  if (detail.connections.length === 0) return <p className="dim">They are not connected at the moment.</p>
  return (
    <ul className={classes.list}>
      {detail.connections.map((connection) => (
        <li key={connection.pid}>
          <div className="row-between">
            <span>
              {connection.application || 'unnamed client'} <span className="dim">from {connection.client || 'here'}</span>
            </span>
            <span className="faint nowrap num">
              {connection.state.replaceAll('_', ' ')}
              {connection.blocked_by && connection.blocked_by.length > 0 && `, waits for pid ${connection.blocked_by.join(', ')}`} · pid {connection.pid} · <Time at={connection.since} />
            </span>
          </div>
          {connection.query && <Sql text={connection.query} />}
        </li>
      ))}
    </ul>
  )
}

function Schema({ slug, login }: { slug: string; login: string }) {
  const query = useQuery(memberSchemaQuery(slug, login))
  if (query.isError) return <Notice tone="error">{sentence(query.error)}</Notice>
  if (!query.data) return <Loader size="sm" aria-label="Loading" />
  return <SchemaCompare expected={query.data.expected} found={query.data.found} />
}
