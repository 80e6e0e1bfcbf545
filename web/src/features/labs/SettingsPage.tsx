// The settings tab: title, start, rules and limits, the example again, and deleting the lab.

import { Button, Modal, TextInput } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { labQuery } from '@/api/queries'
import { type ExampleChoice, ExampleChooser } from '@/features/example/ExampleChooser'
import { ExampleStatus, LoadProgress, useExample } from '@/features/example/ExampleStatus'
import { Notice, Page, Section } from '@/ui/Blocks'
import { plural } from '@/ui/format'
import { failed, told } from '@/ui/toast'
import { mayDelete } from './may'
import { RulesSection } from './RulesSection'
import { SettingsForm } from './SettingsForm'
import { StartChooser } from './StartChooser'

export function SettingsPage({ slug, onDeleted }: { slug: string; onDeleted: () => void }) {
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const client = useQueryClient()
  const [title, setTitle] = useState(lab.title)
  const [start, setStart] = useState(lab.start)
  const [startDump, setStartDump] = useState<ExampleChoice>(null)
  const [settings, setSettings] = useState(lab.settings)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const changed =
    title !== lab.title ||
    startDump !== null ||
    JSON.stringify(start) !== JSON.stringify(lab.start) ||
    JSON.stringify(settings) !== JSON.stringify(lab.settings)

  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      if (startDump?.kind === 'file') await calls.exampleUpload(slug, 'start-dump', startDump.file, () => undefined)
      const next = await calls.labChange(slug, { title: title.trim(), start, settings })
      client.setQueryData(labQuery(slug).queryKey, next)
      setStartDump(null)
      setStart(next.start)
      setSettings(next.settings)
      void client.invalidateQueries({ queryKey: ['labs'] })
      told('Saved.')
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Page width="text">
      <ExampleSection slug={slug} />
      <Section title="Title">
        <TextInput aria-label="Title" value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
      </Section>
      <Section title="Start" lead="What a student’s database holds at the beginning. A change holds for databases made from now on.">
        <StartChooser
          slug={slug}
          ready={lab.example?.state === 'ready'}
          start={start}
          onChange={setStart}
          dump={startDump}
          onDump={setStartDump}
        />
      </Section>
      <Section title="Rules and limits">
        <SettingsForm value={settings} onChange={setSettings} />
      </Section>
      {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
      <div className="row">
        <Button variant="filled" disabled={!changed || title.trim() === ''} loading={busy} onClick={save}>
          Save
        </Button>
        {changed && <span className="dim">Not saved yet.</span>}
      </div>
      <RulesSection slug={slug} />
      {mayDelete(lab) && <DeleteSection slug={slug} onDeleted={onDeleted} />}
    </Page>
  )
}

function ExampleSection({ slug }: { slug: string }) {
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const client = useQueryClient()
  const example = useExample(slug, lab.example)
  const [replacing, setReplacing] = useState(false)
  const [choice, setChoice] = useState<ExampleChoice>(null)
  const [uploading, setUploading] = useState<{ done: number; total: number } | null>(null)
  const [busy, setBusy] = useState(false)
  const load = async () => {
    if (!choice) return
    setBusy(true)
    try {
      if (choice.kind === 'file') {
        await calls.exampleUpload(slug, 'example', choice.file, (done, total) => setUploading({ done, total }))
      } else await calls.exampleFromUri(slug, choice.uri.trim())
      setReplacing(false)
      setChoice(null)
      await client.invalidateQueries({ queryKey: ['lab', slug] })
    } catch (problem) {
      failed(problem)
    } finally {
      setUploading(null)
      setBusy(false)
    }
  }
  const choose = replacing || !example || example.state === 'failed'
  return (
    <Section
      title="Sample database"
      actions={
        example?.state === 'ready' && !replacing ? <Button onClick={() => setReplacing(true)}>Replace…</Button> : undefined
      }
    >
      {example && <ExampleStatus example={example} />}
      {uploading && <LoadProgress phase="upload" done={uploading.done} total={uploading.total} />}
      {choose && !uploading && (
        <>
          {!example && <p className="dim">There is none yet. pglab derives the tasks from it.</p>}
          <ExampleChooser value={choice} onChange={setChoice} />
          <div className="row">
            <Button variant="filled" disabled={!choice} loading={busy} onClick={load}>
              Load it
            </Button>
            {replacing && <Button onClick={() => setReplacing(false)}>Cancel</Button>}
          </div>
        </>
      )}
    </Section>
  )
}

function DeleteSection({ slug, onDeleted }: { slug: string; onDeleted: () => void }) {
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const [asking, setAsking] = useState(false)
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  return (
    <Section
      title="Delete this lab"
      lead={`Drops the databases of ${plural(lab.n_members, 'member')}, and removes tasks, progress and results. Accounts stay.`}
      actions={
        <Button color="orange.9" variant="outline" onClick={() => setAsking(true)}>
          Delete…
        </Button>
      }
    >
      <Modal opened={asking} onClose={() => setAsking(false)} title={<b>Delete {lab.title}?</b>}>
        <div className="stack">
          <p>
            {plural(lab.n_members, 'database')} with all that students made are dropped, and the results of the lab are gone.
            This can’t be undone; archiving keeps dumps and results.
          </p>
          <TextInput
            label={
              <>
                Type <code>{slug}</code> to confirm
              </>
            }
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            data-autofocus
            autoComplete="off"
          />
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button onClick={() => setAsking(false)}>Cancel</Button>
            <Button
              variant="filled"
              color="orange.9"
              disabled={typed !== slug}
              loading={busy}
              onClick={() => {
                setBusy(true)
                calls
                  .labDelete(slug)
                  .then(onDeleted)
                  .catch(failed)
                  .finally(() => setBusy(false))
              }}
            >
              Delete the lab and {plural(lab.n_members, 'database')}
            </Button>
          </div>
        </div>
      </Modal>
    </Section>
  )
}
