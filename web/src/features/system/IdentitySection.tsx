// Who keeps the passwords, and a test of the LDAP directory: each step, and what the server said to it.

import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { identityQuery } from '@/api/queries'
import type { DirectoryView, IdentityTestResult } from '@/api/types'
import { Fact, Facts, Notice, Section, StateWord } from '@/ui/Blocks'

const MODES: Record<string, string> = {
  local: 'pglab keeps the passwords.',
  managed: 'An LDAP tree that pglab fills keeps the passwords.',
  directory: 'The directory of your university keeps the passwords; pglab only reads it.',
}

export function IdentitySection() {
  const { data: identity } = useQuery(identityQuery)
  if (!identity) return null
  return (
    <Section title="Identity" lead={`${MODES[identity.mode] ?? identity.mode} Set in pglab.toml.`}>
      {identity.directory && <Directory directory={identity.directory} />}
    </Section>
  )
}

function Directory({ directory }: { directory: DirectoryView }) {
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const test = useMutation({
    mutationFn: () => calls.identityTest({ login: login || null, password: password || null }),
  })
  return (
    <>
      <Facts>
        {directory.servers.map((server) => (
          <Fact key={server.url} label="Server">
            <StateWord tone={server.up == null ? 'quiet' : server.up ? 'good' : 'bad'}>
              <code>{server.url}</code>
            </StateWord>
          </Fact>
        ))}
        <Fact label="Protection">{directory.tls === 'plain' ? 'none' : directory.tls === 'ldaps' ? 'TLS' : 'StartTLS'}</Fact>
        <Fact label="People">
          <code>{directory.people}</code>
        </Fact>
        {directory.bind_dn && (
          <Fact label="Searches as">
            <code>{directory.bind_dn}</code>
          </Fact>
        )}
      </Facts>
      {directory.tls === 'plain' && (
        <Notice tone="warning" title="Passwords can be read on the way to the directory">
          Use <code>ldaps://</code> or <code>start_tls</code>.
        </Notice>
      )}
      <form
        style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'end', marginBlock: 12 }}
        onSubmit={(event) => {
          event.preventDefault()
          test.mutate()
        }}
      >
        <TextInput label="Login" description="Whom to look for; may be empty" value={login} onChange={(e) => setLogin(e.currentTarget.value)} autoComplete="off" />
        <PasswordInput label="Password" description="To sign in with; kept nowhere" value={password} onChange={(e) => setPassword(e.currentTarget.value)} autoComplete="off" style={{ minWidth: 200 }} />
        <Button type="submit" loading={test.isPending}>
          Test this
        </Button>
      </form>
      {test.error && (
        <Notice tone="error" title="The test could not be made">
          {sentence(test.error)}
        </Notice>
      )}
      {test.data && <IdentitySteps result={test.data} />}
    </>
  )
}

export function IdentitySteps({ result }: { result: IdentityTestResult }) {
  return (
    <ol aria-label="Steps of the test" style={{ listStyle: 'none', padding: 0, margin: 0 }}>
      {result.steps.map((step) => (
        <li key={`${step.name}: ${step.said}`} style={{ paddingBlock: 4, overflowWrap: 'anywhere' }}>
          <StateWord tone={step.passed ? 'good' : 'bad'}>
            <span style={{ whiteSpace: 'normal' }}>
              <b>{step.name}</b> <span className="dim">{step.passed ? 'passed' : 'failed'}</span> {step.said}
            </span>
          </StateWord>
        </li>
      ))}
    </ol>
  )
}
