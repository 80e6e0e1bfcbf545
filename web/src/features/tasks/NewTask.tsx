// A task by hand: title, points, and one or more facts that must hold.

import { ActionIcon, Button, Checkbox, NumberInput, Select, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { Notice } from '@/ui/Blocks'
import { PlusIcon, TrashIcon } from '@/ui/icons'
import { SqlEditor } from '@/ui/Sql'
import { told } from '@/ui/toast'
import { FACT_FORMS, type FactField, type FactForm, factOf, factProblem, type FactValues } from './facts'
import classes from './Tasks.module.css'

interface Draft {
  id: number
  form: FactForm
  weight: number
  values: FactValues
}

const first = FACT_FORMS[0] as FactForm
let nextId = 1
const draft = (): Draft => ({ id: nextId++, form: first, weight: 1, values: {} })

export function NewTask({ slug, onDone }: { slug: string; onDone: () => void }) {
  const [title, setTitle] = useState('')
  const [explanation, setExplanation] = useState('')
  const [worth, setWorth] = useState(10)
  const [facts, setFacts] = useState<Draft[]>(() => [draft()])
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const change = (id: number, patch: Partial<Draft>) =>
    setFacts((was) => was.map((fact) => (fact.id === id ? { ...fact, ...patch } : fact)))

  const save = () => {
    const problem =
      title.trim() === '' ? 'It needs a title.' : facts.map((fact) => factProblem(fact.form, fact.values)).find(Boolean)
    if (problem) {
      setError(problem)
      return
    }
    setBusy(true)
    setError(null)
    calls
      .taskCreate(slug, {
        title: title.trim(),
        explanation: explanation.trim(),
        points: worth,
        checks: facts.map((fact) => ({ weight: fact.weight, ...factOf(fact.form, fact.values) })),
      })
      .then(() => {
        told('The task is there.')
        onDone()
      })
      .catch((problem: unknown) => setError(sentence(problem)))
      .finally(() => setBusy(false))
  }

  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      <div className={classes.fields}>
        <TextInput label="Title" value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
        <NumberInput
          label="Points"
          min={0}
          max={10000}
          value={worth}
          onChange={(next) => typeof next === 'number' && setWorth(next)}
        />
        <Textarea
          className={classes.wide ?? ''}
          label="Explanation"
          description="Students read it on their page"
          autosize
          minRows={2}
          value={explanation}
          onChange={(event) => setExplanation(event.currentTarget.value)}
        />
      </div>
      {facts.map((fact, i) => (
        <fieldset key={fact.id} className={classes.fact}>
          <legend className="sr-only">Check {i + 1}</legend>
          <div className={classes.fields}>
            <Select
              label={`Check ${i + 1}`}
              data={FACT_FORMS.map((form) => ({ value: form.kind, label: form.label }))}
              value={fact.form.kind}
              allowDeselect={false}
              onChange={(kind) => change(fact.id, { form: FACT_FORMS.find((form) => form.kind === kind) ?? first })}
            />
            <NumberInput
              label="Weight"
              min={1}
              max={1000}
              value={fact.weight}
              onChange={(next) => typeof next === 'number' && change(fact.id, { weight: next })}
            />
          </div>
          {fact.form.fields.map((field) => (
            <FieldInput
              key={field.key}
              field={field}
              value={fact.values[field.key]}
              onChange={(value) => change(fact.id, { values: { ...fact.values, [field.key]: value } })}
            />
          ))}
          {facts.length > 1 && (
            <div>
              <ActionIcon
                aria-label={`Remove check ${i + 1}`}
                onClick={() => setFacts((was) => was.filter((each) => each.id !== fact.id))}
              >
                <TrashIcon size={14} />
              </ActionIcon>
            </div>
          )}
        </fieldset>
      ))}
      {error && <Notice tone="error">{error}</Notice>}
      <div className="row-between">
        <Button leftSection={<PlusIcon size={14} />} onClick={() => setFacts((was) => [...was, draft()])}>
          Another check
        </Button>
        <Button type="submit" variant="filled" loading={busy}>
          Add the task
        </Button>
      </div>
    </form>
  )
}

function FieldInput({
  field,
  value,
  onChange,
}: {
  field: FactField
  value: string | number | boolean | undefined
  onChange: (value: string | number | boolean) => void
}) {
  switch (field.kind) {
    case 'boolean':
      return (
        <Checkbox label={field.label} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
      )
    case 'number':
      return (
        <NumberInput
          label={field.label}
          min={0}
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => typeof next === 'number' && onChange(next)}
        />
      )
    case 'sql':
      return (
        <div className="stack-tight">
          <span style={{ fontSize: 13 }}>{field.label}</span>
          <SqlEditor value={String(value ?? '')} onChange={onChange} label={field.label} />
        </div>
      )
    default:
      return (
        <TextInput
          label={field.label}
          placeholder={field.placeholder ?? ''}
          value={String(value ?? '')}
          onChange={(event) => onChange(event.currentTarget.value)}
          classNames={{ input: 'mono' }}
          spellCheck={false}
        />
      )
  }
}
