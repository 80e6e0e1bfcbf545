// A student's own page of a lab: how far they are, their tasks with verdicts, how to connect, a hand to raise.

import { Button, Modal, Tabs, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { isApiError, sentence } from '@/api/client'
import { meQuery, myPageQuery } from '@/api/queries'
import type { MyPage } from '@/api/types'
import { KitPanel } from '@/features/kit/KitPanel'
import { ResetDialog } from '@/features/kit/ResetDialog'
import { Bar, EmptyState, Notice, Page, PageHead } from '@/ui/Blocks'
import { percent, points } from '@/ui/format'
import { HandIcon } from '@/ui/icons'
import { LineMark } from '@/ui/LineMark'
import { Time } from '@/ui/Time'
import { failed, told } from '@/ui/toast'
import { OwnTasks } from './OwnTasks'
import classes from './Student.module.css'

export function StudentPage({ slug }: { slug: string }) {
  const query = useQuery(myPageQuery(slug))
  const me = useQuery(meQuery).data
  const client = useQueryClient()
  const wide = useMediaQuery('(min-width: 960px)') ?? true
  const page = query.data
  if (!page) {
    return (
      <Page width="text">
        {query.isError ? (
          <EmptyState title="This page can’t be shown">
            <p>{sentence(query.error)}</p>
          </EmptyState>
        ) : null}
      </Page>
    )
  }
  const refresh = () => void client.invalidateQueries({ queryKey: myPageQuery(slug).queryKey })
  const doneBy = page.class ? new Map(page.class.per_task.map((each) => [each.id, each.done])) : undefined
  const tasks = <OwnTasks slug={slug} page={page} doneBy={doneBy} />
  const connect = page.kit ? (
    <KitPanel kit={page.kit} passwordNote="the one that you sign in with" />
  ) : (
    <p className="dim">Your database is being prepared; it appears here by itself.</p>
  )
  const cut = query.isError || query.failureCount > 0
  return (
    <Page>
      <PageHead
        title={page.lab.title}
        lead={
          page.lab.state === 'open'
            ? undefined
            : page.lab.state === 'draft'
              ? 'Not open yet: you can connect as soon as your instructor opens it.'
              : 'Closed: you can’t connect any more; your points stay.'
        }
      >
        {page.lab.state === 'open' && page.kit && (
          <Link to="/labs/$lab/workspace" params={{ lab: slug }} className={classes.workspace ?? ''}>
            Open the SQL console
          </Link>
        )}
        {page.may.includes('standings') && (
          <Link to="/labs/$lab/standings" params={{ lab: slug }} className="link">
            Standings
          </Link>
        )}
        <LineMark state={cut ? 'reconnecting' : 'live'} />
        <Hand slug={slug} page={page} onChange={refresh} />
      </PageHead>
      {cut && isApiError(query.error, 'offline') && <Notice tone="warning">{sentence(query.error)}</Notice>}
      {me?.password.differs_since && (
        <Notice tone="warning" title="Your two passwords differ">
          You changed the password in PostgreSQL <Time at={me.password.differs_since} />; this page still has the old one. Each
          works at its own place. <Link to="/account">Set one for both</Link>.
        </Notice>
      )}
      {me?.password.initial && !me.password.differs_since && (
        <Notice tone="info">
          You still have your first password, and your instructor can see it. <Link to="/account">Choose your own</Link>.
        </Notice>
      )}
      {page.enforced.length > 0 && (
        <Notice tone="warning" title="pglab stepped in">
          {page.enforced.map((each) => (
            <p key={`${each.at}${each.text}`}>
              {each.text} <span className="dim nowrap">· <Time at={each.at} /></span>
            </p>
          ))}
        </Notice>
      )}
      <Progress page={page} />
      {wide ? (
        <div className={classes.columns}>
          <section aria-label="Tasks">
            <h2>Tasks</h2>
            {tasks}
          </section>
          <section aria-label="Your database">
            <h2>Your database</h2>
            {connect}
            <Foot slug={slug} page={page} onChange={refresh} />
          </section>
        </div>
      ) : (
        <Tabs defaultValue="tasks" keepMounted={false}>
          <Tabs.List grow>
            <Tabs.Tab value="tasks">Tasks</Tabs.Tab>
            <Tabs.Tab value="connect">Connect</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="tasks">{tasks}</Tabs.Panel>
          <Tabs.Panel value="connect">
            <div className={classes.phone}>
              {connect}
              <Foot slug={slug} page={page} onChange={refresh} />
            </div>
          </Tabs.Panel>
        </Tabs>
      )}
    </Page>
  )
}

function Progress({ page }: { page: MyPage }) {
  const { member } = page
  const done = member.tasks.filter((task) => task.state === 'done').length
  const median = page.class?.median_score
  return (
    <section className={classes.progress} aria-label="Progress">
      <div className="row-between">
        <span className="num">
          <b className={classes.score}>{points(member.score)}</b> of {points(member.max_score)} points
          <span className="dim">
            {' '}
            · {done} of {member.tasks.length} tasks done
          </span>
          {member.now < member.score && <span className="dim"> · now worth {points(member.now)}</span>}
        </span>
        {median !== undefined && (
          <span className="dim num">
            Half of the class has {points(median)} or more
          </span>
        )}
      </div>
      <div className={classes.track}>
        <Bar value={member.score} of={member.max_score} label="Your points" tone="done" />
        {median !== undefined && member.max_score > 0 && (
          <span
            className={classes.median}
            style={{ left: `${percent(median, member.max_score)}%` }}
            title={`Median of the class: ${points(median)}`}
          />
        )}
      </div>
    </section>
  )
}

function Hand({ slug, page, onChange }: { slug: string; page: MyPage; onChange: () => void }) {
  const [asking, setAsking] = useState(false)
  const [why, setWhy] = useState('')
  const [busy, setBusy] = useState(false)
  const hand = page.hand ?? page.member.hand
  const login = page.member.login
  if (hand) {
    return (
      <span className={classes.raised}>
        <HandIcon />
        <span className="clip">
          {hand.why ? `“${hand.why}”` : 'Your hand is up'} <span className="dim">· <Time at={hand.raised_at} /></span>
        </span>
        <Button size="compact-xs" onClick={() => calls.handLower(slug, login).then(onChange).catch(failed)}>
          Lower it
        </Button>
      </span>
    )
  }
  if (!page.may.includes('raise_hand')) return null
  return (
    <>
      <Button leftSection={<HandIcon size={15} />} onClick={() => setAsking(true)}>
        Raise hand
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title={<b>Raise your hand</b>}>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault()
            setBusy(true)
            calls
              .handRaise(slug, login, why.trim())
              .then(() => {
                told('Your hand is up: your instructor sees it, with what you wrote.')
                setAsking(false)
                setWhy('')
                onChange()
              })
              .catch(failed)
              .finally(() => setBusy(false))
          }}
        >
          <TextInput
            label="What is it about?"
            placeholder="My foreign key is refused"
            maxLength={300}
            value={why}
            onChange={(event) => setWhy(event.currentTarget.value)}
            data-autofocus
          />
          <p className="dim">
            From psql it is <code>SELECT pglab.help('why');</code>
          </p>
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button onClick={() => setAsking(false)}>Cancel</Button>
            <Button type="submit" variant="filled" loading={busy}>
              Raise it
            </Button>
          </div>
        </form>
      </Modal>
    </>
  )
}

function Foot({ slug, page, onChange }: { slug: string; page: MyPage; onChange: () => void }) {
  const [resetting, setResetting] = useState(false)
  return (
    <div className={classes.foot}>
      <Link to="/account" className="link">
        Change password
      </Link>
      {page.may.includes('reset') && page.kit && (
        <>
          <button type="button" className={classes.reset} onClick={() => setResetting(true)}>
            Start over with a fresh database…
          </button>
          <ResetDialog
            own
            opened={resetting}
            onClose={() => setResetting(false)}
            slug={slug}
            login={page.member.login}
            database={page.kit.database}
            onDone={onChange}
          />
        </>
      )}
    </div>
  )
}
