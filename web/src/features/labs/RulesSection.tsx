// The rules of a lab about answers and standings, as fields: when answers are taken, what lateness costs, what students see
// of each other. Saved on their own, because they hold for labs that run.

import { Button, NumberInput, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { rulesQuery } from '@/api/queries'
import type { LabRules } from '@/api/types'
import { Notice, Section } from '@/ui/Blocks'
import { told } from '@/ui/toast'
import { localMoment, momentOf } from './rules'
import classes from './SettingsForm.module.css'

export function RulesSection({ slug }: { slug: string }) {
  const query = useQuery(rulesQuery(slug))
  return (
    <Section
      title="Answers and standings"
      lead="For tasks that are answered in the browser. They hold at once, also in a lab that is open."
      actions={
        <Link to="/labs/$lab/standings" params={{ lab: slug }} className="link">
          Standings
        </Link>
      }
    >
      {query.isError && <Notice tone="error">{sentence(query.error)}</Notice>}
      {query.data && <RulesForm key={JSON.stringify(query.data)} slug={slug} rules={query.data} />}
    </Section>
  )
}

const LATE = [
  ['grace_s', 'Grace', ' s', 1_000_000],
  ['once_percent', 'Then at once', ' %', 100],
  ['day_percent', 'Each day begun', ' %', 100],
  ['most_percent', 'Never more than', ' %', 100],
] as const

function RulesForm({ slug, rules }: { slug: string; rules: LabRules }) {
  const client = useQueryClient()
  const [value, setValue] = useState(rules)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const set = (patch: Partial<LabRules>) => setValue((was) => ({ ...was, ...patch }))
  const changed = JSON.stringify(value) !== JSON.stringify(rules)
  const save = () => {
    setBusy(true)
    setError(null)
    calls
      .rulesSet(slug, value)
      .then((next) => {
        client.setQueryData(rulesQuery(slug).queryKey, next)
        told('The rules are saved.')
      })
      .catch(setError)
      .finally(() => setBusy(false))
  }
  return (
    <div className={classes.form}>
      <Switch
        className={classes.item ?? ''}
        classNames={{ body: classes.switchBody ?? '', description: classes.hint ?? '' }}
        labelPosition="left"
        label="Students see the standings"
        description="With names and points of everybody who is not hidden; it makes a competition of the lab"
        checked={value.standings}
        onChange={(event) => set({ standings: event.currentTarget.checked })}
      />
      <div className={classes.limits}>
        <Moment label="Answers are taken from" value={value.opens_at} onChange={(opens_at) => set({ opens_at })} />
        <Moment label="Due" value={value.due_at} onChange={(due_at) => set({ due_at })} />
        <Moment label="Standings freeze" value={value.frozen_at} onChange={(frozen_at) => set({ frozen_at })} />
      </div>
      <div className={classes.limits}>
        {LATE.map(([key, label, suffix, max]) => (
          <NumberInput
            key={key}
            label={label}
            suffix={suffix}
            min={0}
            max={max}
            value={value.late[key]}
            onChange={(next) => typeof next === 'number' && set({ late: { ...value.late, [key]: next } })}
          />
        ))}
        <NumberInput
          label="Bonus of the first"
          suffix=" points"
          min={0}
          max={10_000}
          value={value.first_bonus}
          onChange={(next) => typeof next === 'number' && set({ first_bonus: next })}
        />
        <NumberInput
          label="Answers a minute"
          min={1}
          max={600}
          value={value.answers_per_minute}
          onChange={(next) => typeof next === 'number' && set({ answers_per_minute: next })}
        />
      </div>
      <p className={classes.hint}>
        What comes after the due time costs these percents once the grace is over; with a most of 0 % nothing comes later.
      </p>
      {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
      <div className="row" style={{ paddingTop: 12 }}>
        <Button variant="filled" disabled={!changed} loading={busy} onClick={save}>
          Save the rules
        </Button>
        {changed && <span className="dim">Not saved yet.</span>}
      </div>
    </div>
  )
}

function Moment({ label, value, onChange }: { label: string; value: string | null; onChange: (iso: string | null) => void }) {
  return (
    <TextInput
      type="datetime-local"
      label={label}
      value={localMoment(value)}
      onChange={(event) => onChange(momentOf(event.currentTarget.value))}
    />
  )
}
