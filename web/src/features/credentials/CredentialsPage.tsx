// The credentials tab: initial passwords (hidden until asked for), CSV, claim links, slips.

import { ActionIcon, Button, Modal, TextInput } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import * as calls from '@/api/calls'
import { credentialsQuery } from '@/api/queries'
import type { Credential } from '@/api/types'
import { EmptyState, Page, Section } from '@/ui/Blocks'
import { CopyAction, CopyField, CopyTextButton } from '@/ui/Copy'
import { plural } from '@/ui/format'
import { DownloadIcon, EyeIcon, PrintIcon, SearchIcon } from '@/ui/icons'
import { Time } from '@/ui/Time'
import { failed } from '@/ui/toast'
import classes from './Credentials.module.css'

const SHOWN = 100

export function CredentialsPage({ slug }: { slug: string }) {
  const { data } = useSuspenseQuery(credentialsQuery(slug))
  const client = useQueryClient()
  const [shown, setShown] = useState<Set<string>>(new Set())
  const [all, setAll] = useState(false)
  const [everything, setEverything] = useState(false)
  const [query, setQuery] = useState('')
  const [busy, setBusy] = useState(false)
  const [links, setLinks] = useState<{ login: string; url: string; expires_at: string }[] | null>(null)
  const found = useMemo(() => {
    const text = query.trim().toLowerCase()
    return data.items.filter((item) => text === '' || `${item.name} ${item.login} ${item.section ?? ''}`.toLowerCase().includes(text))
  }, [data.items, query])
  const visible = everything ? found : found.slice(0, SHOWN)
  const fresh = data.items.filter((item) => item.password != null).length
  const has = {
    section: data.items.some((item) => item.section),
    seat: data.items.some((item) => item.seat),
  }

  const makeLinks = (logins?: string[]) => {
    setBusy(true)
    calls
      .claimLinkCreate(slug, logins)
      .then(async (answer) => {
        setLinks(answer.items)
        await client.invalidateQueries({ queryKey: credentialsQuery(slug).queryKey })
      })
      .catch(failed)
      .finally(() => setBusy(false))
  }

  if (data.items.length === 0) {
    return (
      <Page>
        <EmptyState
          title="No credentials yet"
          actions={
            <Link to="/labs/$lab/roster" params={{ lab: slug }} className="link">
              Go to the roster
            </Link>
          }
        >
          <p>Import a roster and prepare the lab: everybody gets a login, a password and a database, and they are listed here.</p>
        </EmptyState>
      </Page>
    )
  }
  return (
    <Page>
      <Section
        title={`${plural(fresh, 'initial password')} of ${plural(data.items.length, 'member')}`}
        lead="A password is shown here until its owner has claimed or changed it; then pglab forgets it."
        actions={
          <>
            <TextInput
              size="xs"
              w={160}
              aria-label="Filter"
              placeholder="Filter"
              leftSection={<SearchIcon size={13} />}
              value={query}
              onChange={(event) => setQuery(event.currentTarget.value)}
            />
            <Button onClick={() => setAll(!all)} leftSection={<EyeIcon size={14} />} aria-pressed={all}>
              {all ? 'Hide all' : 'Show all'}
            </Button>
            <Button
              component="a"
              href={calls.credentialsCsvUrl(slug)}
              download={`${slug}-credentials.csv`}
              leftSection={<DownloadIcon size={14} />}
            >
              CSV
            </Button>
            <Button loading={busy} onClick={() => makeLinks()}>
              Claim links
            </Button>
            <Button
              component={Link}
              to={`/labs/${slug}/slips`}
              preload={false}
              leftSection={<PrintIcon size={14} />}
            >
              Slips
            </Button>
          </>
        }
      >
        <div className="table-wrap">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th className="wide-only">Login</th>
                <th>Password</th>
                {has.section && <th>Section</th>}
                {has.seat && <th>Seat</th>}
                <th>Database</th>
                <th>Claim link</th>
              </tr>
            </thead>
            <tbody>
              {visible.map((item) => (
                <tr key={item.login}>
                  <td className="nowrap">
                    {item.name}
                    <div className="phone-only faint">
                      <code>{item.login}</code>
                    </div>
                  </td>
                  <td className="wide-only">
                    <code>{item.login}</code>
                  </td>
                  <td className="nowrap">
                    <Password
                      item={item}
                      shown={all || shown.has(item.login)}
                      onShow={() => setShown((was) => new Set(was).add(item.login))}
                    />
                  </td>
                  {has.section && <td className="nowrap">{item.section}</td>}
                  {has.seat && <td className="num">{item.seat}</td>}
                  <td>
                    <code>{item.database}</code>
                  </td>
                  <td>
                    {item.claim_url ? (
                      <span className={classes.claim}>
                        <CopyAction value={item.claim_url} label={`claim link of ${item.login}`} />
                        <span className="faint">copy</span>
                      </span>
                    ) : item.password != null ? (
                      <Button size="compact-xs" variant="subtle" color="gray" onClick={() => makeLinks([item.login])}>
                        make
                      </Button>
                    ) : (
                      <span className="faint">–</span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {found.length > visible.length && (
          <div>
            <Button onClick={() => setEverything(true)}>Show all {found.length} members</Button>
          </div>
        )}
      </Section>
      <Modal
        opened={links !== null}
        onClose={() => setLinks(null)}
        title={<b>{plural(links?.length ?? 0, 'claim link')}</b>}
        size="lg"
      >
        <div className="stack">
          <p className="dim">
            Each shows one student their password once. Send it to that student alone
            {links?.[0] && (
              <>
                ; it works for a while (until <Time at={links[0].expires_at} />)
              </>
            )}
            .
          </p>
          {links?.length === 1 && links[0] ? (
            <CopyField label={links[0].login} value={links[0].url} />
          ) : (
            <>
              <div className="row">
                <CopyTextButton value={(links ?? []).map((link) => `${link.login}\t${link.url}`).join('\n')}>
                  Copy all, with logins
                </CopyTextButton>
              </div>
              <div className={classes.links}>
                {links?.map((link) => (
                  <div key={link.login}>
                    <code>{link.login}</code>
                    <code className="clip dim">{link.url}</code>
                    <CopyAction value={link.url} label={`link of ${link.login}`} />
                  </div>
                ))}
              </div>
            </>
          )}
          {links?.length === 0 && <p>Everybody has a password of their own; there is nothing to claim.</p>}
        </div>
      </Modal>
    </Page>
  )
}

function Password({ item, shown, onShow }: { item: Credential; shown: boolean; onShow: () => void }) {
  if (item.password == null) {
    return <span className="faint">{item.state === 'claimed' ? 'claimed' : item.state === 'changed' ? 'their own' : '–'}</span>
  }
  if (!shown) {
    return (
      <span className={classes.hidden}>
        <span aria-hidden="true">••••••••</span>
        <ActionIcon size="sm" onClick={onShow} aria-label={`Show the password of ${item.login}`}>
          <EyeIcon size={14} />
        </ActionIcon>
      </span>
    )
  }
  return (
    <span className={classes.hidden}>
      <code>{item.password}</code>
      <CopyAction value={item.password} label={`password of ${item.login}`} />
    </span>
  )
}
