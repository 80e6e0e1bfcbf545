// One's own account: password and API tokens.

import { Button, Checkbox, Modal, NumberInput, TextInput } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { meQuery, sessionQuery, tokensQuery } from '@/api/queries'
import type { NewToken, Token } from '@/api/types'
import { PasswordForm } from '@/features/session/SignIn'
import { EmptyState, Fact, Facts, Notice, Page, PageHead, Section } from '@/ui/Blocks'
import { CopyField } from '@/ui/Copy'
import { PlusIcon } from '@/ui/icons'
import { Time } from '@/ui/Time'
import { failed, told } from '@/ui/toast'

export function AccountPage() {
  const { data: me } = useSuspenseQuery(meQuery)
  const client = useQueryClient()
  return (
    <Page width="text">
      <PageHead title="Account" />
      <Facts>
        <Fact label="Name">{me.name}</Fact>
        <Fact label="Login">
          <code>{me.login}</code>
        </Fact>
        {me.email && <Fact label="E-mail">{me.email}</Fact>}
        <Fact label="Role">{me.role}</Fact>
      </Facts>
      <Section
        title="Password"
        lead={me.role === 'admin' ? undefined : 'One for this page and for PostgreSQL; both are set together.'}
      >
        {me.password.differs_since && (
          <Notice tone="warning" title="The two differ">
            The password was changed in PostgreSQL <Time at={me.password.differs_since} />, so the one of this page is older.
            Setting a new one here sets both again.
          </Notice>
        )}
        <div style={{ maxWidth: 380 }}>
          <PasswordForm
            onDone={() => {
              told('The password is changed, here and in PostgreSQL.')
              void client.invalidateQueries({ queryKey: meQuery.queryKey })
              void client.invalidateQueries({ queryKey: sessionQuery.queryKey })
            }}
          />
        </div>
      </Section>
      <Tokens />
    </Page>
  )
}

function Tokens() {
  const { data } = useSuspenseQuery(tokensQuery)
  const client = useQueryClient()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<NewToken | null>(null)
  const [revoking, setRevoking] = useState<Token | null>(null)
  const refresh = () => client.invalidateQueries({ queryKey: tokensQuery.queryKey })
  const tokens = data.items.filter((token) => !token.revoked_at)
  return (
    <Section
      title="API tokens"
      lead="For the command line and programs; a token acts as you."
      actions={
        <Button leftSection={<PlusIcon size={14} />} onClick={() => setMaking(true)}>
          New token
        </Button>
      }
    >
      {tokens.length === 0 ? (
        <EmptyState title="No tokens">
          <p>
            <code>pglab login</code> makes one for you; or make one here and set it as <code>PGLAB_TOKEN</code>.
          </p>
        </EmptyState>
      ) : (
        <div className="table-wrap">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th>May</th>
                <th className="wide-only">Made</th>
                <th>Last used</th>
                <th>Expires</th>
                <th aria-label="Revoke" />
              </tr>
            </thead>
            <tbody>
              {tokens.map((token) => (
                <tr key={token.id}>
                  <td>{token.name}</td>
                  <td className="dim">{token.scopes.join(', ') || 'read, write'}</td>
                  <td className="dim wide-only">
                    <Time at={token.created_at} />
                  </td>
                  <td className="dim">
                    <Time at={token.last_used_at} />
                  </td>
                  <td className="dim">{token.expires_at ? <Time at={token.expires_at} /> : 'never'}</td>
                  <td className="right">
                    <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setRevoking(token)}>
                      Revoke…
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Modal opened={making} onClose={() => setMaking(false)} title={<b>New token</b>}>
        <NewTokenForm
          onDone={(token) => {
            setMaking(false)
            setMade(token)
            void refresh()
          }}
        />
      </Modal>
      <Modal opened={made !== null} onClose={() => setMade(null)} title={<b>{made?.name}</b>} closeOnClickOutside={false}>
        <div className="stack">
          <Notice tone="warning" title="Copy it now">
            It is shown this once.
          </Notice>
          <CopyField label="Token" value={made?.token ?? ''} wrap />
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button variant="filled" onClick={() => setMade(null)}>
              Done
            </Button>
          </div>
        </div>
      </Modal>
      <Modal opened={revoking !== null} onClose={() => setRevoking(null)} title={<b>Revoke {revoking?.name}?</b>}>
        <div className="stack">
          <p>Whatever uses this token is refused from now on. It can’t be taken back.</p>
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button onClick={() => setRevoking(null)}>Cancel</Button>
            <Button
              variant="filled"
              color="orange.9"
              onClick={() =>
                revoking &&
                calls
                  .tokenRevoke(revoking.id)
                  .then(() => {
                    setRevoking(null)
                    return refresh()
                  })
                  .catch(failed)
              }
            >
              Revoke the token
            </Button>
          </div>
        </div>
      </Modal>
    </Section>
  )
}

function NewTokenForm({ onDone }: { onDone: (token: NewToken) => void }) {
  const [name, setName] = useState('')
  const [write, setWrite] = useState(true)
  const [days, setDays] = useState<number | null>(90)
  const [error, setError] = useState<unknown>(null)
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        const body: Parameters<typeof calls.tokenCreate>[0] = { name: name.trim(), scopes: write ? ['read', 'write'] : ['read'] }
        if (days !== null) body.expires_in_days = days
        calls.tokenCreate(body).then(onDone).catch(setError)
      }}
    >
      {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
      <TextInput
        label="Name"
        placeholder="laptop"
        description="To recognise it later"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Checkbox label="It may change things, not only read" checked={write} onChange={(event) => setWrite(event.currentTarget.checked)} />
      <NumberInput
        label="Expires after"
        suffix=" days"
        description="Empty: never"
        min={1}
        max={3650}
        value={days ?? ''}
        onChange={(next) => setDays(typeof next === 'number' ? next : null)}
      />
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button type="submit" variant="filled" disabled={name.trim() === ''}>
          Make the token
        </Button>
      </div>
    </form>
  )
}
