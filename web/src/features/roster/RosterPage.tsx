// The roster tab: paste or upload, look at what would change, apply; and the members as they are.

import { Button, FileButton, Textarea } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { isApiError, sentence } from '@/api/client'
import { labQuery, membersQuery } from '@/api/queries'
import type { RosterReport } from '@/api/types'
import { AccessCodes } from '@/features/join/AccessCodes'
import { mayImport } from '@/features/labs/may'
import { Notice, Page, Section } from '@/ui/Blocks'
import { plural } from '@/ui/format'
import { UploadIcon } from '@/ui/icons'
import { told } from '@/ui/toast'
import { MemberTable } from './MemberTable'
import { Report } from './Report'

const PLACEHOLDER = `login,name,email,section,seat
ada,Ada Lovelace,ada@example.edu,Mon A,12
grace,Grace Hopper,grace@example.edu,Mon A,13`

export function RosterPage({ slug }: { slug: string }) {
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const { data: members } = useSuspenseQuery(membersQuery(slug))
  const client = useQueryClient()
  const edits = mayImport(lab)
  const empty = !members.items.some((member) => member.role === 'student')
  const [importing, setImporting] = useState(empty)
  const [text, setText] = useState('')
  const [report, setReport] = useState<RosterReport | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  const run = async (roster: string, dryRun: boolean) => {
    setBusy(true)
    setError(null)
    try {
      const answer = await calls.rosterImport(slug, roster, dryRun)
      if (dryRun) setReport(answer)
      else {
        told(`${plural(answer.new.length, 'member')} added, ${answer.changed.length} changed, ${answer.gone.length} gone.`)
        setReport(null)
        setText('')
        setImporting(false)
        await client.invalidateQueries({ queryKey: ['lab', slug] })
      }
    } catch (problem) {
      if (isApiError(problem) && problem.problem.report) setReport(problem.problem.report)
      setError(sentence(problem))
    } finally {
      setBusy(false)
    }
  }
  const errors = report?.problems.filter((problem) => problem.severity === 'error').length ?? 0
  const nothing = report && report.new.length + report.changed.length + report.gone.length === 0

  return (
    <Page>
      {edits && importing && (
        <Section
          title={empty ? 'Who is in this lab?' : 'Import a roster'}
          lead="Paste or upload a CSV: from Moodle, from Canvas, with any of login, name, email, section, seat — or just one login or e-mail address a line. Nothing changes before you have seen what would."
          actions={!empty && <Button onClick={() => (setImporting(false), setReport(null))}>Cancel</Button>}
        >
          <Textarea
            aria-label="Roster"
            placeholder={PLACEHOLDER}
            autosize
            minRows={6}
            maxRows={14}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value)
              setReport(null)
            }}
            classNames={{ input: 'mono' }}
            spellCheck={false}
            wrap="off"
          />
          <div className="row">
            <Button
              variant={report ? 'default' : 'filled'}
              disabled={text.trim() === ''}
              loading={busy && !report}
              onClick={() => run(text, true)}
            >
              See what would change
            </Button>
            <FileButton
              accept=".csv,.tsv,.txt,text/csv,text/plain"
              onChange={(file) => {
                if (!file) return
                void file.text().then((content) => {
                  setText(content)
                  void run(content, true)
                })
              }}
            >
              {(props) => (
                <Button {...props} leftSection={<UploadIcon size={14} />}>
                  Upload a file
                </Button>
              )}
            </FileButton>
          </div>
          {error && <Notice tone="error">{error}</Notice>}
          {report && (
            <>
              <Report report={report} />
              <div className="row">
                <Button
                  variant="filled"
                  disabled={errors > 0 || nothing === true}
                  loading={busy}
                  onClick={() => run(text, false)}
                >
                  {nothing ? 'Nothing to change' : 'Apply'}
                </Button>
                {errors > 0 && <span className="dim">Correct {plural(errors, 'line')} first; nothing was changed.</span>}
              </div>
            </>
          )}
        </Section>
      )}
      {members.items.length > 0 && (
        <MemberTable
          slug={slug}
          members={members.items}
          edits={edits}
          actions={edits && !importing && <Button onClick={() => setImporting(true)}>Import a roster</Button>}
        />
      )}
      {edits && <AccessCodes slug={slug} />}
    </Page>
  )
}
