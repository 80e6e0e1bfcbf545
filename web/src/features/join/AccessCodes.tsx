// The access codes of a lab, for those who may import its roster: made, copied, revoked.

import { Button, Modal, NumberInput, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import * as calls from '@/api/calls'
import { ApiError, sentence } from '@/api/client'
import { accessCodesQuery } from '@/api/queries'
import type { AccessCode } from '@/api/types'
import { momentOf } from '@/features/labs/rules'
import { Notice, Section, StateWord } from '@/ui/Blocks'
import { CopyAction } from '@/ui/Copy'
import { PlusIcon } from '@/ui/icons'
import { Time } from '@/ui/Time'
import { failed, told } from '@/ui/toast'

export function AccessCodes({ slug }: { slug: string }) {
  const query = useQuery(accessCodesQuery(slug))
  const client = useQueryClient()
  const [making, setMaking] = useState(false)
  const codes = query.data?.items ?? []
  const reread = () => client.invalidateQueries({ queryKey: accessCodesQuery(slug).queryKey })
  return (
    <Section
      title="Join by code"
      lead="Whoever has a code joins as a student by themselves, at the address behind it."
      actions={
        <Button leftSection={<PlusIcon size={14} />} onClick={() => setMaking(true)}>
          New code
        </Button>
      }
    >
      {query.isError && <Notice tone="error">{sentence(query.error)}</Notice>}
      {query.isSuccess && codes.length === 0 && <p className="dim">There is none.</p>}
      {codes.length > 0 && (
        <div className="table-wrap">
          <table className="table">
            <thead>
              <tr>
                <th>Code</th>
                <th>State</th>
                <th className="right">Used</th>
                <th className="wide-only">Expires</th>
                <th className="wide-only">Made</th>
                <th aria-label="What to do" />
              </tr>
            </thead>
            <tbody>
              {codes.map((code) => (
                <Row key={code.id} slug={slug} code={code} onRevoked={() => void reread()} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Modal opened={making} onClose={() => setMaking(false)} title={<b>New access code</b>}>
        <NewCode
          slug={slug}
          onMade={(code) => {
            told(`The code ${code.code} works now.`)
            setMaking(false)
            void reread()
          }}
        />
      </Modal>
    </Section>
  )
}

function Row({ slug, code, onRevoked }: { slug: string; code: AccessCode; onRevoked: () => void }) {
  return (
    <tr>
      <td>
        <span className="row" style={{ flexWrap: 'nowrap' }}>
          <code>{code.code}</code>
          {code.works && <CopyAction value={code.url} label={`the link of ${code.code}`} />}
        </span>
      </td>
      <td>
        <StateWord tone={code.works ? 'good' : 'quiet'}>
          {code.works ? 'works' : code.revoked_at ? 'revoked' : code.max_uses != null && code.used_count >= code.max_uses ? 'used up' : 'expired'}
        </StateWord>
      </td>
      <td className="right num nowrap">
        {code.used_count}
        {code.max_uses != null && <span className="dim"> of {code.max_uses}</span>}
      </td>
      <td className="wide-only dim">{code.expires_at ? <Time at={code.expires_at} /> : 'never'}</td>
      <td className="wide-only dim">
        <Time at={code.created_at} />
      </td>
      <td className="right">
        {code.works && (
          <Button
            size="compact-xs"
            aria-label={`Revoke ${code.code}`}
            onClick={() =>
              calls
                .accessCodeRevoke(slug, code.code)
                .then(() => {
                  told(`${code.code} works no longer; who joined by it stays.`)
                  onRevoked()
                })
                .catch(failed)
            }
          >
            Revoke
          </Button>
        )}
      </td>
    </tr>
  )
}

function NewCode({ slug, onMade }: { slug: string; onMade: (code: AccessCode) => void }) {
  const [code, setCode] = useState('')
  const [expires, setExpires] = useState('')
  const [most, setMost] = useState<number | string>('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const field = (path: string) => (error instanceof ApiError ? error.field(path) : undefined)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    calls
      .accessCodeCreate(slug, {
        ...(code.trim() && { code: code.trim() }),
        ...(momentOf(expires) && { expires_at: momentOf(expires) }),
        ...(typeof most === 'number' && { max_uses: most }),
      })
      .then(onMade)
      .catch(setError)
      .finally(() => setBusy(false))
  }
  return (
    <form className="stack" onSubmit={submit}>
      <TextInput
        label="Code"
        description="4 to 32 letters and digits; 8 random ones when it is left empty"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={field('code')}
        classNames={{ input: 'mono' }}
        spellCheck={false}
        data-autofocus
      />
      <TextInput
        type="datetime-local"
        label="Expires"
        description="Never when it is left empty"
        value={expires}
        onChange={(event) => setExpires(event.currentTarget.value)}
        error={field('expires_at')}
      />
      <NumberInput
        label="How many may use it"
        description="As many as like when it is left empty"
        min={1}
        max={1_000_000}
        value={most}
        onChange={setMost}
        error={field('max_uses')}
      />
      {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button type="submit" variant="filled" loading={busy}>
          Make it
        </Button>
      </div>
    </form>
  )
}
