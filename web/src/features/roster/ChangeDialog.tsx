// Section, seat and role of one member. Sections that the lab has are offered, others may be typed.

import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import * as calls from '@/api/calls'
import type { Member, MemberRole } from '@/api/types'
import { failed, told } from '@/ui/toast'
import { changeOf, placeOf, roleSentence } from './change'

const ROLES: { value: MemberRole; label: string }[] = [
  { value: 'student', label: 'Student' },
  { value: 'assistant', label: 'Assistant' },
  { value: 'instructor', label: 'Instructor' },
]

interface Props {
  slug: string
  member: Member | null
  sections: string[]
  onClose: () => void
}

export function ChangeDialog({ slug, member, sections, onClose }: Props) {
  return (
    <Modal opened={member !== null} onClose={onClose} title={<b>{member?.name}</b>}>
      {member && <Form key={member.login} slug={slug} member={member} sections={sections} onClose={onClose} />}
    </Modal>
  )
}

function Form({ slug, member, sections, onClose }: Props & { member: Member }) {
  const client = useQueryClient()
  const known = useId()
  const was = placeOf(member)
  const [place, setPlace] = useState(was)
  const [busy, setBusy] = useState(false)
  const change = changeOf(was, place)
  const means = roleSentence(was.role, place.role)
  const save = (event: FormEvent) => {
    event.preventDefault()
    if (!change) return
    setBusy(true)
    calls
      .memberChange(slug, member.login, change)
      .then(async () => {
        told(`${member.name} was changed.`)
        onClose()
        await client.invalidateQueries({ queryKey: ['lab', slug] })
      })
      .catch(failed)
      .finally(() => setBusy(false))
  }
  return (
    <form className="stack" onSubmit={save}>
      <TextInput
        label="Section"
        list={known}
        value={place.section}
        onChange={(event) => setPlace({ ...place, section: event.currentTarget.value })}
        maxLength={255}
        autoComplete="off"
        data-autofocus
      />
      <datalist id={known}>
        {sections.map((section) => (
          <option key={section} value={section} />
        ))}
      </datalist>
      <TextInput
        label="Seat"
        value={place.seat}
        onChange={(event) => setPlace({ ...place, seat: event.currentTarget.value })}
        maxLength={255}
        autoComplete="off"
      />
      <NativeSelect
        label="Role"
        data={ROLES}
        value={place.role}
        onChange={(event) => setPlace({ ...place, role: event.currentTarget.value as MemberRole })}
        description={means}
      />
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" disabled={!change} loading={busy}>
          Save
        </Button>
      </div>
    </form>
  )
}
