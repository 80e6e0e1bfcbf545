// The library: every challenge of the installed packs, searched and filtered, and chosen for a new lab.

import { Button, Checkbox, Modal, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { ApiError, sentence } from '@/api/client'
import { libraryQuery } from '@/api/queries'
import { EmptyState, Notice, Page, PageHead } from '@/ui/Blocks'
import { plural, points, slugFrom, slugProblem } from '@/ui/format'
import { SearchIcon } from '@/ui/icons'
import { DIFFICULTY, found, idOf, KIND, type LibrarySearch, packOf } from './find'
import classes from './Library.module.css'

const ANY = { value: '', label: 'Any' }

export function LibraryPage({
  search,
  change,
  onMade,
}: {
  search: LibrarySearch
  change: (patch: LibrarySearch) => void
  onMade: (slug: string) => void
}) {
  const query = useQuery(libraryQuery)
  const all = query.data?.items ?? []
  const [text, setText] = useState(search.q ?? '')
  const [chosen, setChosen] = useState<string[]>([])
  const [making, setMaking] = useState(false)
  const shown = found(all, { ...search, q: text })
  const packs = [...new Map(all.map((one) => [one.pack, one.pack_name]))]
  const kinds = [...new Set(all.flatMap((one) => one.kinds))]
  const pack = packOf(chosen)
  const pick = (id: string, on: boolean) => setChosen((was) => (on ? [...was, id] : was.filter((each) => each !== id)))
  const filter = (label: string, key: 'pack' | 'difficulty' | 'kind', data: { value: string; label: string }[]) => (
    <Select
      label={label}
      data={[ANY, ...data]}
      value={search[key] ?? ''}
      onChange={(value) => change({ [key]: value || undefined })}
      allowDeselect={false}
      className={classes.filter ?? ''}
    />
  )
  return (
    <Page>
      <PageHead title="Challenges" lead="What labs can be made of: every challenge of the packs that are installed here.">
        <Link to="/packs" className="link">
          Packs
        </Link>
        <Button
          variant={chosen.length > 0 ? 'filled' : 'default'}
          disabled={pack === undefined}
          onClick={() => setMaking(true)}
        >
          {chosen.length > 0 ? `Make a lab of ${plural(chosen.length, 'challenge')}` : 'Make a lab'}
        </Button>
      </PageHead>
      {query.isError && <Notice tone="error">{sentence(query.error)}</Notice>}
      {query.isLoading && <p className="dim">Reading…</p>}
      {query.isSuccess && all.length === 0 && (
        <EmptyState
          title="No pack is installed yet"
          actions={
            <Button component={Link} to="/packs" variant="filled">
              Install a pack
            </Button>
          }
        >
          <p>Challenges come in packs: a zip of documents and data. Three examples come with pglab, in examples/packs.</p>
        </EmptyState>
      )}
      {all.length > 0 && (
        <>
          <div className={classes.filters}>
            <TextInput
              label="Find"
              placeholder="Name, tag or words"
              leftSection={<SearchIcon size={13} />}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              onBlur={() => change({ q: text || undefined })}
              className={classes.find ?? ''}
            />
            {filter('Pack', 'pack', packs.map(([value, label]) => ({ value, label })))}
            {filter('Difficulty', 'difficulty', Object.entries(DIFFICULTY).map(([value, label]) => ({ value, label })))}
            {filter('Kind of task', 'kind', kinds.map((value) => ({ value, label: KIND[value] ?? value })))}
          </div>
          {chosen.length > 0 && pack === undefined && (
            <Notice tone="warning">A lab is made of one pack: all members have one database, and it comes from there.</Notice>
          )}
          <p className="dim num" role="status">
            {shown.length === all.length ? plural(all.length, 'challenge') : `${shown.length} of ${plural(all.length, 'challenge')}`}
          </p>
          {shown.length > 0 && (
            <div className="table-wrap">
              <table className="table">
                <thead>
                  <tr>
                    <th aria-label="Chosen" />
                    <th>Challenge</th>
                    <th className="wide-only">Pack</th>
                    <th>Difficulty</th>
                    <th className="wide-only">Tasks</th>
                    <th className="right">Points</th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map((one) => (
                    <tr key={idOf(one)}>
                      <td>
                        <Checkbox
                          size="xs"
                          aria-label={`Choose ${one.name}`}
                          checked={chosen.includes(idOf(one))}
                          onChange={(event) => pick(idOf(one), event.currentTarget.checked)}
                        />
                      </td>
                      <td>
                        <Link
                          to="/library/$pack/$challenge"
                          params={{ pack: one.pack, challenge: one.key }}
                          className="link"
                        >
                          <b>{one.name}</b>
                        </Link>
                        {one.description && <div className={`dim ${classes.about}`}>{one.description}</div>}
                      </td>
                      <td className="wide-only">
                        {one.pack_name} <span className="faint num">{one.pack_version}</span>
                      </td>
                      <td className="nowrap">{one.difficulty ? (DIFFICULTY[one.difficulty] ?? one.difficulty) : '–'}</td>
                      <td className="wide-only">
                        <span className="num">{one.n_tasks}</span>{' '}
                        <span className="dim">{one.kinds.map((kind) => KIND[kind] ?? kind).join(', ')}</span>
                      </td>
                      <td className="right num">{points(one.points)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
      {pack !== undefined && (
        <Modal opened={making} onClose={() => setMaking(false)} title={<b>A lab of {plural(chosen.length, 'challenge')}</b>}>
          <NewOfPack pack={pack} keys={chosen.map((id) => id.slice(pack.length + 1))} onMade={onMade} />
        </Modal>
      )}
    </Page>
  )
}

function NewOfPack({ pack, keys, onMade }: { pack: string; keys: string[]; onMade: (slug: string) => void }) {
  const client = useQueryClient()
  const [title, setTitle] = useState('')
  const [typed, setTyped] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const slug = typed ?? slugFrom(title)
  const wrong = slug === '' ? null : slugProblem(slug)
  const field = (path: string) => (error instanceof ApiError ? error.field(path) : undefined)
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        setBusy(true)
        setError(null)
        calls
          .labCreate({ slug, title: title.trim(), pack: { id: pack, challenges: keys } })
          .then((lab) => {
            void client.invalidateQueries({ queryKey: ['labs'] })
            onMade(lab.slug)
          })
          .catch(setError)
          .finally(() => setBusy(false))
      }}
    >
      <TextInput
        label="Title"
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        error={field('title')}
        data-autofocus
      />
      <TextInput
        label="Short name"
        description="In URLs, on the command line and in the names of databases; stays as it is"
        value={slug}
        onChange={(event) => setTyped(event.currentTarget.value)}
        error={wrong ?? field('slug')}
        classNames={{ input: 'mono' }}
        spellCheck={false}
      />
      {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button type="submit" variant="filled" loading={busy} disabled={title.trim() === '' || slug === '' || wrong !== null}>
          Make the lab
        </Button>
      </div>
    </form>
  )
}
