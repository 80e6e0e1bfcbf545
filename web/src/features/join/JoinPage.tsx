// Joining a lab by an access code: what it is for, then with the account one has, or, where the lab allows it, with a new one.

import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import * as calls from '@/api/calls'
import { ApiError, sentence } from '@/api/client'
import { joinQuery, sessionQuery } from '@/api/queries'
import { Mark } from '@/features/shell/Shell'
import { EmptyState, Notice, Page, PageHead, Section } from '@/ui/Blocks'
import { told } from '@/ui/toast'
import { codeOf } from './code'

function Brand() {
  return (
    <div className="row" style={{ gap: 10 }}>
      <Mark size={22} />
      <b>pglab</b>
    </div>
  )
}

/** Without a code: asks for it. */
export function CodePage({ onCode }: { onCode: (code: string) => void }) {
  const [text, setText] = useState('')
  const code = codeOf(text)
  return (
    <Page width="narrow">
      <Brand />
      <PageHead title="Join a lab" lead="With the code that your instructor gave you." />
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (code) onCode(code)
        }}
      >
        <TextInput
          label="Access code"
          description="Capitals or not; a link that holds it will do too"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          autoFocus
          classNames={{ input: 'mono' }}
        />
        <div className="row">
          <Button type="submit" variant="filled" disabled={code === null}>
            Go on
          </Button>
        </div>
      </form>
    </Page>
  )
}

export function JoinPage({ code, onJoined }: { code: string; onJoined: (lab: string) => void }) {
  const offer = useQuery(joinQuery(code))
  const session = useQuery(sessionQuery).data
  const client = useQueryClient()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  if (!offer.data) {
    return (
      <Page width="narrow">
        <Brand />
        {offer.isError ? (
          <EmptyState
            title="This code does not work"
            actions={
              <Link to="/join" className="link">
                Try another code
              </Link>
            }
          >
            <p>{sentence(offer.error)}</p>
          </EmptyState>
        ) : (
          <p className="dim">Reading…</p>
        )}
      </Page>
    )
  }
  const { lab, accounts } = offer.data
  const join = () => {
    setBusy(true)
    setError(null)
    calls
      .join(code)
      .then(async ({ lab, already }) => {
        told(already ? 'You were in it already.' : `You have joined ${lab.title}.`)
        await client.invalidateQueries({ queryKey: ['labs'] })
        onJoined(lab.slug)
      })
      .catch(setError)
      .finally(() => setBusy(false))
  }
  return (
    <Page width="narrow">
      <Brand />
      <PageHead title={lab.title} lead="This code makes you a student of this lab." />
      {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
      {session?.signed_in ? (
        <div className="row">
          <Button variant="filled" loading={busy} onClick={join}>
            Join as {session.person?.name ?? session.person?.login}
          </Button>
        </div>
      ) : (
        <>
          <Section title="With the account that you have">
            <div className="row">
              <Button
                component={Link}
                to="/sign-in"
                search={{ next: `/join/${code}` } as never}
                variant={accounts ? 'default' : 'filled'}
              >
                Sign in, then join
              </Button>
            </div>
          </Section>
          {accounts && <NewAccount code={code} onJoined={onJoined} lab={lab.slug} />}
        </>
      )}
    </Page>
  )
}

function NewAccount({ code, lab, onJoined }: { code: string; lab: string; onJoined: (lab: string) => void }) {
  const client = useQueryClient()
  const [login, setLogin] = useState('')
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const field = (path: string) => (error instanceof ApiError ? error.field(path) : undefined)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    calls
      .joinWithAccount({ code, login: login.trim(), name: name.trim(), password })
      .then((session) => {
        client.clear()
        client.setQueryData(sessionQuery.queryKey, session)
        onJoined(lab)
      })
      .catch(setError)
      .finally(() => setBusy(false))
  }
  return (
    <Section title="With a new account">
      <form className="stack" onSubmit={submit}>
        <TextInput
          label="Login"
          description="Also your name in PostgreSQL; stays as it is"
          value={login}
          onChange={(event) => setLogin(event.currentTarget.value)}
          error={field('login')}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
        />
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={field('name')}
          autoComplete="name"
        />
        <PasswordInput
          label="Password"
          description="At least 8 characters; it opens these pages and your database"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={field('password')}
          autoComplete="new-password"
        />
        {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
        <div className="row">
          <Button
            type="submit"
            variant="filled"
            loading={busy}
            disabled={login.trim() === '' || name.trim() === '' || password === ''}
          >
            Make the account and join
          </Button>
        </div>
      </form>
    </Section>
  )
}
