// The members of a lab with the state of their databases; one can be given another place, and removing one says what
// that does.

import { ActionIcon, Button, Menu, Modal, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import * as calls from '@/api/calls'
import type { Member } from '@/api/types'
import { Section, StateWord } from '@/ui/Blocks'
import { plural } from '@/ui/format'
import { MoreIcon, SearchIcon } from '@/ui/icons'
import { Time } from '@/ui/Time'
import { failed, told } from '@/ui/toast'
import { INSTANCE_STATE } from '@/ui/words'
import { ChangeDialog } from './ChangeDialog'
import classes from './Roster.module.css'

const TONE: Record<string, 'quiet' | 'going' | 'good' | 'bad'> = {
  queued: 'quiet',
  creating: 'going',
  active: 'good',
  terminating: 'going',
  terminated: 'quiet',
  error: 'bad',
}
const PASSWORD = { initial: 'initial', claimed: 'claimed', changed: 'their own' } as const
const SHOWN = 100

export function MemberTable({
  slug,
  members,
  edits,
  actions,
}: {
  slug: string
  members: Member[]
  edits: boolean
  actions: ReactNode
}) {
  const client = useQueryClient()
  const [query, setQuery] = useState('')
  const [all, setAll] = useState(false)
  const [removing, setRemoving] = useState<Member | null>(null)
  const [changing, setChanging] = useState<Member | null>(null)
  const [busy, setBusy] = useState(false)
  const sections = useMemo(
    () => [...new Set(members.flatMap((member) => (member.section ? [member.section] : [])))].sort(),
    [members],
  )
  const found = useMemo(() => {
    const text = query.trim().toLowerCase()
    return members.filter(
      (member) => text === '' || `${member.name} ${member.login} ${member.email ?? ''} ${member.section ?? ''}`.toLowerCase().includes(text),
    )
  }, [members, query])
  const shown = all ? found : found.slice(0, SHOWN)
  const has = {
    email: members.some((member) => member.email),
    section: members.some((member) => member.section),
    seat: members.some((member) => member.seat),
  }
  const remove = (member: Member) => {
    setBusy(true)
    calls
      .memberRemove(slug, member.login)
      .then(async () => {
        told(`${member.name} can no longer connect; the database is kept.`)
        setRemoving(null)
        await client.invalidateQueries({ queryKey: ['lab', slug] })
      })
      .catch(failed)
      .finally(() => setBusy(false))
  }
  return (
    <Section
      title={plural(members.filter((member) => member.role === 'student' && !member.removed_at).length, 'student')}
      actions={
        <>
          <TextInput
            size="xs"
            w={180}
            aria-label="Filter members"
            placeholder="Filter"
            leftSection={<SearchIcon size={13} />}
            value={query}
            onChange={(event) => setQuery(event.currentTarget.value)}
          />
          {actions}
        </>
      }
    >
      <div className="table-wrap">
        <table className="table">
          <thead>
            <tr>
              <th>Name</th>
              <th className="wide-only">Login</th>
              {has.email && <th className="wide-only">E-mail</th>}
              {has.section && <th>Section</th>}
              {has.seat && <th>Seat</th>}
              <th>Database</th>
              <th>Password</th>
              {edits && <th aria-label="More" />}
            </tr>
          </thead>
          <tbody>
            {shown.map((member) => (
              <tr key={member.login} className={member.removed_at ? classes.removed : ''}>
                <td className="nowrap">
                  {member.role === 'student' && !member.removed_at ? (
                    <Link
                      to="/labs/$lab/members/$login"
                      params={{ lab: slug, login: member.login }}
                      className="link"
                      style={{ color: 'inherit' }}
                    >
                      {member.name}
                    </Link>
                  ) : (
                    member.name
                  )}
                  {member.role !== 'student' && <span className="faint"> · {member.role}</span>}
                  <div className="phone-only faint">
                    <code>{member.login}</code>
                  </div>
                </td>
                <td className="wide-only">
                  <code>{member.login}</code>
                </td>
                {has.email && <td className="dim wide-only">{member.email}</td>}
                {has.section && <td className="nowrap">{member.section}</td>}
                {has.seat && <td className="num">{member.seat}</td>}
                <td>
                  {member.removed_at ? (
                    <span>
                      removed <Time at={member.removed_at} />
                    </span>
                  ) : member.instance ? (
                    <span title={member.instance.sentence}>
                      <StateWord tone={TONE[member.instance.state] ?? 'quiet'}>
                        {INSTANCE_STATE[member.instance.state] ?? member.instance.state}
                      </StateWord>
                      {member.instance.state === 'error' && <div className="dim">{member.instance.sentence}</div>}
                    </span>
                  ) : (
                    member.role === 'student' && <span className="faint">none yet</span>
                  )}
                </td>
                <td className="dim nowrap">{member.role === 'student' ? PASSWORD[member.password] : ''}</td>
                {edits && (
                  <td className="right" style={{ width: 30 }}>
                    {!member.removed_at && (
                      <Menu position="bottom-end">
                        <Menu.Target>
                          <ActionIcon size="sm" aria-label={`More for ${member.name}`}>
                            <MoreIcon size={14} />
                          </ActionIcon>
                        </Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item onClick={() => setChanging(member)}>Change section, seat, role…</Menu.Item>
                          {member.role !== 'instructor' && (
                            <Menu.Item color="orange" onClick={() => setRemoving(member)}>
                              Remove from the lab…
                            </Menu.Item>
                          )}
                        </Menu.Dropdown>
                      </Menu>
                    )}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {found.length > shown.length && (
        <div>
          <Button onClick={() => setAll(true)}>Show all {found.length}</Button>
        </div>
      )}
      {found.length === 0 && <p className="dim">Nobody matches.</p>}
      <ChangeDialog slug={slug} member={changing} sections={sections} onClose={() => setChanging(null)} />
      <Modal opened={removing !== null} onClose={() => setRemoving(null)} title={<b>Remove {removing?.name}?</b>}>
        <div className="stack">
          <p>
            <code>{removing?.login}</code> can no longer connect, and open connections are ended.
            {removing?.instance?.database ? (
              <>
                {' '}
                The database <code>{removing.instance.database}</code> is kept
              </>
            ) : (
              ' The database is kept'
            )}{' '}
            until the lab is archived; importing them again gives the access back.
          </p>
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button onClick={() => setRemoving(null)}>Cancel</Button>
            <Button variant="filled" color="orange.9" loading={busy} onClick={() => removing && remove(removing)}>
              Remove, keep the database
            </Button>
          </div>
        </div>
      </Modal>
    </Section>
  )
}
