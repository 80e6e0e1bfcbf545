// Everybody with an account, for admins: find, add, change role, disable.

import { ActionIcon, Button, Menu, Modal, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { ApiError, sentence } from '@/api/client'
import { peopleQuery } from '@/api/queries'
import type { CreatedPerson, Person, PersonRole } from '@/api/types'
import { EmptyState, Notice, Page, PageHead, StateWord } from '@/ui/Blocks'
import { CopyField } from '@/ui/Copy'
import { MoreIcon, PlusIcon, SearchIcon } from '@/ui/icons'
import { failed, told } from '@/ui/toast'

const ROLES = [
  { value: 'student', label: 'Student' },
  { value: 'instructor', label: 'Instructor' },
  { value: 'admin', label: 'Admin' },
]

export function PeoplePage({ query, onQuery }: { query: string; onQuery: (query: string) => void }) {
  const people = useQuery({ ...peopleQuery(query), placeholderData: keepPreviousData })
  const client = useQueryClient()
  const [text, setText] = useState(query)
  const search = useDebouncedCallback(onQuery, 250)
  const [adding, setAdding] = useState(false)
  const [made, setMade] = useState<CreatedPerson | null>(null)
  const [more, setMore] = useState<Person[]>([])
  const [cursor, setCursor] = useState<string | null | undefined>(undefined)
  const refresh = () => {
    setMore([])
    setCursor(undefined)
    void client.invalidateQueries({ queryKey: ['people'] })
  }
  const change = (person: Person, body: { role?: PersonRole; disabled?: boolean }) =>
    calls
      .personChange(person.login, body)
      .then(() => {
        told(`${person.name} is changed.`)
        refresh()
      })
      .catch(failed)
  const next = cursor === undefined ? people.data?.next : cursor
  const items = [...(people.data?.items ?? []), ...more]
  return (
    <Page>
      <PageHead title="People" lead="Students come by the rosters of labs; instructors are added here.">
        <TextInput
          size="xs"
          w={200}
          aria-label="Find people"
          placeholder="Name, login or e-mail"
          leftSection={<SearchIcon size={13} />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value)
            setMore([])
            setCursor(undefined)
            search(event.currentTarget.value)
          }}
        />
        <Button leftSection={<PlusIcon size={14} />} variant="filled" onClick={() => setAdding(true)}>
          Add a person
        </Button>
      </PageHead>
      {people.isError && <Notice tone="error">{sentence(people.error)}</Notice>}
      {people.data && items.length === 0 ? (
        <EmptyState title={query ? 'Nobody by that name' : 'Nobody yet'} />
      ) : (
        <div className="table-wrap">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th className="wide-only">Login</th>
                <th className="wide-only">E-mail</th>
                <th>Role</th>
                <th>State</th>
                <th aria-label="More" />
              </tr>
            </thead>
            <tbody>
              {items.map((person) => (
                <tr key={person.login}>
                  <td>
                    {person.name}
                    <div className="phone-only faint">
                      <code>{person.login}</code>
                    </div>
                  </td>
                  <td className="wide-only">
                    <code>{person.login}</code>
                  </td>
                  <td className="dim wide-only">{person.email}</td>
                  <td>{person.role}</td>
                  <td>
                    <StateWord tone={person.disabled_at ? 'quiet' : 'good'}>{person.disabled_at ? 'disabled' : 'active'}</StateWord>
                  </td>
                  <td className="right" style={{ width: 30 }}>
                    <Menu position="bottom-end">
                      <Menu.Target>
                        <ActionIcon size="sm" aria-label={`More for ${person.name}`}>
                          <MoreIcon size={14} />
                        </ActionIcon>
                      </Menu.Target>
                      <Menu.Dropdown>
                        {ROLES.filter((role) => role.value !== person.role).map((role) => (
                          <Menu.Item key={role.value} onClick={() => change(person, { role: role.value as PersonRole })}>
                            Make {role.label.toLowerCase()}
                          </Menu.Item>
                        ))}
                        <Menu.Divider />
                        <Menu.Item onClick={() => change(person, { disabled: !person.disabled_at })}>
                          {person.disabled_at ? 'Enable again' : 'Disable: can’t sign in or connect'}
                        </Menu.Item>
                      </Menu.Dropdown>
                    </Menu>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {next && (
        <div>
          <Button
            onClick={() =>
              calls
                .personList(query, next)
                .then((page) => {
                  setMore((was) => [...was, ...page.items])
                  setCursor(page.next ?? null)
                })
                .catch(failed)
            }
          >
            More
          </Button>
        </div>
      )}
      <Modal opened={adding} onClose={() => setAdding(false)} title={<b>Add a person</b>}>
        <NewPerson
          onDone={(person) => {
            setAdding(false)
            setMade(person)
            refresh()
          }}
        />
      </Modal>
      <Modal opened={made !== null} onClose={() => setMade(null)} title={<b>{made?.name} has an account</b>}>
        <div className="stack">
          <CopyField label="Login" value={made?.login ?? ''} />
          {made?.initial_password && (
            <CopyField label="Initial password" value={made.initial_password} hint="Shown this once." />
          )}
        </div>
      </Modal>
    </Page>
  )
}

function NewPerson({ onDone }: { onDone: (person: CreatedPerson) => void }) {
  const [login, setLogin] = useState('')
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<PersonRole>('instructor')
  const [error, setError] = useState<unknown>(null)
  const field = (path: string) => (error instanceof ApiError ? error.field(path) : undefined)
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        const body: Parameters<typeof calls.personCreate>[0] = { login: login.trim(), name: name.trim(), role }
        if (email.trim()) body.email = email.trim()
        calls.personCreate(body).then(onDone).catch(setError)
      }}
    >
      {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={field('name')}
        data-autofocus
      />
      <TextInput
        label="Login"
        description="Also their role in PostgreSQL"
        value={login}
        onChange={(event) => setLogin(event.currentTarget.value)}
        error={field('login')}
        classNames={{ input: 'mono' }}
      />
      <TextInput label="E-mail" type="email" value={email} onChange={(event) => setEmail(event.currentTarget.value)} error={field('email')} />
      <Select
        label="Role"
        data={ROLES}
        value={role}
        allowDeselect={false}
        onChange={(value) => value && setRole(value as PersonRole)}
      />
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button type="submit" variant="filled" disabled={login.trim() === '' || name.trim() === ''}>
          Add
        </Button>
      </div>
    </form>
  )
}
