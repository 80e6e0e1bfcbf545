// Signing in, and changing an initial password before anything else.

import { Button, Divider, PasswordInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { isApiError, sentence } from '@/api/client'
import { waysQuery } from '@/api/queries'
import type { Session } from '@/api/types'
import { Mark } from '@/features/shell/Shell'
import { Notice, Page } from '@/ui/Blocks'

export function SignIn({
  onDone,
  next,
  failed,
}: {
  onDone: (session: Session) => void
  /** The page to go on to. */
  next?: string | undefined
  /** The code of a sign-in through the provider that failed. */
  failed?: string | undefined
}) {
  const [error, setError] = useState<string | null>(null)
  const { data: ways } = useQuery(waysQuery(failed))
  const provider = ways?.provider
  const [busy, setBusy] = useState(false)
  const form = useForm({ initialValues: { login: '', password: '' } })
  return (
    <Page width="narrow">
      <form
        className="stack"
        onSubmit={form.onSubmit(({ login, password }) => {
          setBusy(true)
          setError(null)
          calls
            .sessionCreate(login.trim(), password)
            .then(onDone)
            .catch((problem: unknown) => {
              if (isApiError(problem, 'rate_limited')) {
                setError(
                  `Too many tries. Wait ${problem.retryAfter ?? 60} seconds, then try again; or ask your instructor for a new password.`,
                )
              } else setError(sentence(problem))
            })
            .finally(() => setBusy(false))
        })}
      >
        <div className="row" style={{ gap: 10 }}>
          <Mark size={22} />
          <h1>Sign in to pglab</h1>
        </div>
        {error ? <Notice tone="error">{error}</Notice> : ways?.failed && <Notice tone="error">{ways.failed}</Notice>}
        {provider && (
          <>
            <Button
              component="a"
              href={next ? `${provider.url}?next=${encodeURIComponent(next)}` : provider.url}
              variant="filled"
              size="sm"
              fullWidth
            >
              Sign in with {provider.label}
            </Button>
            <Divider label="or with a login and password of pglab" />
          </>
        )}
        <TextInput
          label="Login"
          autoComplete="username"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          autoFocus={!provider}
          required
          withAsterisk={false}
          {...form.getInputProps('login')}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          {...form.getInputProps('password')}
        />
        <Button type="submit" variant={provider ? 'default' : 'filled'} size="sm" loading={busy} fullWidth>
          Sign in
        </Button>
        <p className="dim" style={{ fontSize: 12.5 }}>
          {provider
            ? `Your database has a password of its own, which is on the slip or link that your instructor gave you, and on your page once you are in. It also opens this page.`
            : `Your login and first password are on the slip or link that your instructor gave you. Both are also those of your database.`}
        </p>
      </form>
    </Page>
  )
}

export function PasswordForm({
  onDone,
  submit = 'Change the password',
}: {
  onDone: () => void
  submit?: string
}) {
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const form = useForm({
    initialValues: { old: '', next: '', again: '' },
    validate: {
      next: (value) => (value.length < 8 ? 'At least 8 characters.' : null),
      again: (value, values) => (value === values.next ? null : 'The two differ.'),
    },
  })
  return (
    <form
      className="stack"
      onSubmit={form.onSubmit(({ old, next }) => {
        setBusy(true)
        setError(null)
        calls
          .passwordChange(old, next)
          .then(() => {
            form.reset()
            onDone()
          })
          .catch(setError)
          .finally(() => setBusy(false))
      })}
    >
      {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
      <PasswordInput
        label="Password that you have now"
        autoComplete="current-password"
        required
        withAsterisk={false}
        {...form.getInputProps('old')}
      />
      <PasswordInput
        label="New password"
        description="At least 8 characters; it is also that of your database"
        autoComplete="new-password"
        required
        withAsterisk={false}
        {...form.getInputProps('next')}
      />
      <PasswordInput
        label="The new one again"
        autoComplete="new-password"
        required
        withAsterisk={false}
        {...form.getInputProps('again')}
      />
      <div>
        <Button type="submit" variant="filled" loading={busy}>
          {submit}
        </Button>
      </div>
    </form>
  )
}
