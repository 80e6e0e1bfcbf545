// Who keeps the passwords, and a test of the LDAP directory: each step, and what the server said to it.

import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { identityQuery } from '@/api/queries'
import type { DirectoryView, IdentityTestResult, OidcView } from '@/api/types'
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
      {identity.oidc && <Oidc oidc={identity.oidc} />}
    </Section>
  )
}

export function Directory({ directory }: { directory: DirectoryView }) {
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
              <code>{server.url}</code> {server.up == null ? 'not asked yet' : server.up ? 'answers' : 'does not answer'}
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
      {directory.servers.every((server) => server.up === false) && (
        <Notice tone="error" title="The directory is away">
          Sessions go on, and so does work in PostgreSQL that began before. Nobody can sign in with a password of the directory
          until it is back; admins of pglab’s own can. Test this to see what the servers say.
        </Notice>
      )}
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

const RECOGNISED: Record<string, string> = { login: 'login', external_id: 'external id', email: 'verified e-mail address' }

function Oidc({ oidc }: { oidc: OidcView }) {
  const test = useMutation({ mutationFn: calls.identityOidcTest })
  return (
    <>
      <h3>Sign-in with {oidc.label}</h3>
      <Facts>
        <Fact label="Provider">
          <code>{oidc.issuer}</code>
        </Fact>
        <Fact label="Client id">
          <code>{oidc.client_id}</code>
        </Fact>
        <Fact label="Address to register there">
          <code>{oidc.redirect_uri}</code>
        </Fact>
        <Fact label="Asks for">{['openid', ...oidc.scopes].join(' ')}</Fact>
        <Fact label="Recognised by">{oidc.link_by.map((by) => RECOGNISED[by] ?? by).join(', then ') || 'nothing'}</Fact>
        <Fact label="Whom nobody knows here">{oidc.creates_people ? 'gets an account' : 'is refused'}</Fact>
        <Fact label="Signing out">{oidc.signs_out ? 'also of the provider' : 'of pglab alone'}</Fact>
      </Facts>
      <div className="row" style={{ marginBlock: 12 }}>
        <Button onClick={() => test.mutate()} loading={test.isPending}>
          Test the provider
        </Button>
      </div>
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
              <b>{step.name}</b> {step.passed ? 'passed' : 'failed'} <span style={{ color: 'var(--text)' }}>{step.said}</span>
            </span>
          </StateWord>
        </li>
      ))}
    </ol>
  )
}
