// Resetting a database, after saying which one and what is lost; and a new password, shown once.

import { Button, Checkbox, Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { CopyField } from '@/ui/Copy'
import { failed, told } from '@/ui/toast'

export function ResetDialog({
  opened,
  onClose,
  slug,
  login,
  database,
  own = false,
  onDone,
}: {
  opened: boolean
  onClose: () => void
  slug: string
  login: string
  database: string | null
  own?: boolean
  onDone: () => void
}) {
  const [keep, setKeep] = useState(true)
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const name = database ?? `of ${login}`
  const reset = () => {
    setBusy(true)
    calls
      .memberReset(slug, login, keep && !own)
      .then(() => {
        told(`The database ${name} is being made anew.`)
        setTyped('')
        onClose()
        onDone()
      })
      .catch(failed)
      .finally(() => setBusy(false))
  }
  return (
    <Modal opened={opened} onClose={onClose} title={<b>Reset the database {name}?</b>}>
      <div className="stack">
        <p>
          Everything {own ? 'you have' : <b>{login}</b>} {own ? '' : 'has '}made in <code>{name}</code> — tables, rows, views,
          functions — is dropped, and open connections are ended. {own ? 'You start' : 'They start'} again from what the lab
          gave at the beginning. Points that were earned stay.
        </p>
        {!own && (
          <Checkbox
            checked={keep}
            onChange={(event) => setKeep(event.currentTarget.checked)}
            label="Keep a snapshot of it as a database beside it"
          />
        )}
        <TextInput
          label={
            <>
              Type <code>{login}</code> to confirm
            </>
          }
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          data-autofocus
          autoComplete="off"
        />
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="filled" color="orange.9" disabled={typed !== login} loading={busy} onClick={reset}>
            {keep && !own ? 'Reset, keep a snapshot' : 'Drop everything and reset'}
          </Button>
        </div>
      </div>
    </Modal>
  )
}

export function PasswordShown({
  login,
  password,
  onClose,
}: {
  login: string
  password: string | null
  onClose: () => void
}) {
  return (
    <Modal opened={password !== null} onClose={onClose} title={<b>New password of {login}</b>}>
      <div className="stack">
        <CopyField label="Password" value={password ?? ''} />
        <p className="dim">
          The old one no longer works, on the page and in PostgreSQL. It stays on the credentials page until {login} claims or
          changes it.
        </p>
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="filled" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Modal>
  )
}
