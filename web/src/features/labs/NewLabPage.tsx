// Making a lab on one page: what it is called, the example, the start, the settings. The lab exists as soon as the
// example is being loaded; its errors are shown here, where the file can be replaced.

import { Button, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import * as calls from '@/api/calls'
import { ApiError, sentence } from '@/api/client'
import { labQuery } from '@/api/queries'
import type { LabSettings, Start } from '@/api/types'
import { type ExampleChoice, ExampleChooser } from '@/features/example/ExampleChooser'
import { ExampleStatus, LoadProgress, useExample } from '@/features/example/ExampleStatus'
import { Notice, Page, PageHead, Section } from '@/ui/Blocks'
import { slugFrom, slugProblem } from '@/ui/format'
import { DEFAULT_SETTINGS, SettingsForm } from './SettingsForm'
import { StartChooser } from './StartChooser'

export function NewLabPage({ onCreated }: { onCreated: (slug: string) => void }) {
  const client = useQueryClient()
  const [title, setTitle] = useState('')
  const [slugTyped, setSlugTyped] = useState<string | null>(null)
  const [choice, setChoice] = useState<ExampleChoice>(null)
  const [start, setStart] = useState<Start>('empty')
  const [startDump, setStartDump] = useState<ExampleChoice>(null)
  const [settings, setSettings] = useState<LabSettings>(DEFAULT_SETTINGS)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [uploading, setUploading] = useState<{ done: number; total: number } | null>(null)
  /** The lab once it is made. */
  const [made, setMade] = useState<string | null>(null)
  const stop = useRef<AbortController | null>(null)
  useEffect(() => () => stop.current?.abort(), [])

  const slug = slugTyped ?? slugFrom(title)
  const slugError = slug === '' ? null : slugProblem(slug)
  const lab = useQuery({ ...labQuery(made ?? ''), enabled: made !== null })
  const example = useExample(made ?? '', lab.data?.example ?? null)
  const chosen = choice !== null && (choice.kind === 'file' || choice.uri !== '')
  const ready = example?.state === 'ready'
  const complete = title.trim() !== '' && slug !== '' && !slugError

  const load = async (name: string) => {
    if (!choice) return
    stop.current = new AbortController()
    if (choice.kind === 'file') {
      setUploading({ done: 0, total: choice.file.size })
      await calls.exampleUpload(
        name,
        'example',
        choice.file,
        (done, total) => setUploading({ done, total }),
        stop.current.signal,
      )
    } else {
      await calls.exampleFromUri(name, choice.uri.trim())
    }
    await client.invalidateQueries({ queryKey: ['lab', name] })
  }

  /** The first press makes the lab and loads the example; a later one loads another file into it. */
  const begin = async () => {
    setBusy(true)
    setError(null)
    try {
      const name = made ?? (await calls.labCreate({ slug, title: title.trim(), settings })).slug
      setMade(name)
      void client.invalidateQueries({ queryKey: ['labs'] })
      await load(name)
      if (!choice) await finish(name)
    } catch (problem) {
      setError(problem)
    } finally {
      setUploading(null)
      setBusy(false)
    }
  }
  const finish = async (name: string) => {
    setBusy(true)
    setError(null)
    try {
      if (startDump?.kind === 'file') await calls.exampleUpload(name, 'start-dump', startDump.file, () => undefined)
      await calls.labChange(name, { title: title.trim(), start, settings })
      await client.invalidateQueries({ queryKey: ['lab', name] })
      onCreated(name)
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Page width="text">
      <PageHead title="New lab" lead="A name and a sample database are enough; everything can be changed until it is opened." />
      <Section title="1. Name">
        <TextInput
          label="Title"
          placeholder="Build the music shop"
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          error={error instanceof ApiError ? error.field('title') : undefined}
          autoFocus
        />
        <TextInput
          label="Short name"
          description="In URLs, on the command line and in the names of databases; stays as it is"
          value={slug}
          readOnly={made !== null}
          onChange={(event) => setSlugTyped(event.currentTarget.value)}
          error={slugError ?? (error instanceof ApiError ? error.field('slug') : undefined)}
          classNames={{ input: 'mono' }}
          spellCheck={false}
        />
      </Section>
      <Section title="2. Sample database" lead="What students shall end up with. pglab makes a task of each table, view and function.">
        {uploading ? (
          <LoadProgress phase="upload" done={uploading.done} total={uploading.total} />
        ) : example?.state === 'loading' || (ready && example) ? (
          <ExampleStatus example={example} />
        ) : (
          <>
            {example && <ExampleStatus example={example} />}
            <ExampleChooser value={choice} onChange={setChoice} />
          </>
        )}
        {!ready && !uploading && example?.state !== 'loading' && (
          <div className="row">
            <Button variant="filled" disabled={!complete || !chosen} loading={busy} onClick={begin}>
              {made ? 'Load it again' : 'Make the lab and load it'}
            </Button>
            {!made && !chosen && (
              <Button variant="subtle" disabled={!complete} onClick={begin}>
                Without an example for now
              </Button>
            )}
            {!complete && chosen && <span className="dim">It needs a title first.</span>}
          </div>
        )}
      </Section>
      {error !== null && (
        <Notice tone="error" title="That did not work">
          {sentence(error)}
        </Notice>
      )}
      <Section title="3. Start" lead="What a student’s database holds at the beginning.">
        <StartChooser
          slug={made ?? ''}
          ready={ready}
          start={start}
          onChange={setStart}
          dump={startDump}
          onDump={setStartDump}
        />
      </Section>
      <Section title="4. Settings">
        <SettingsForm value={settings} onChange={setSettings} />
      </Section>
      <div className="row">
        <Button variant="filled" disabled={!made || !ready} loading={busy && ready} onClick={() => made && finish(made)}>
          Go to the lab
        </Button>
        {made && !ready && (
          <Link to="/labs/$lab/tasks" params={{ lab: made }} className="link">
            The lab is there already; finish later
          </Link>
        )}
        {!made && <span className="dim">Next comes the roster.</span>}
      </div>
    </Page>
  )
}
