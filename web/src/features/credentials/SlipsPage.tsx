// Slips to print and cut: one per student with login, password, where to connect, and the claim link as a QR code.

import { Button, Checkbox } from '@mantine/core'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { credentialsQuery, labQuery } from '@/api/queries'
import type { ClaimLink, Credential } from '@/api/types'
import { Notice } from '@/ui/Blocks'
import { plural } from '@/ui/format'
import { PrintIcon } from '@/ui/icons'
import classes from './Slips.module.css'
import { whereFromUri } from './where'

export function SlipsPage({ slug, section }: { slug: string; section: string | undefined }) {
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const { data } = useSuspenseQuery(credentialsQuery(slug))
  const [withPassword, setWithPassword] = useState(true)
  const [everybody, setEverybody] = useState(false)
  const items = data.items.filter(
    (item) => (!section || item.section === section) && (everybody || item.password != null),
  )
  // A link that can still be used is given out again, so that slips printed twice are the same.
  const links = useQuery({
    queryKey: ['lab', slug, 'claim-links', section ?? ''],
    queryFn: () => calls.claimLinkCreate(slug, items.filter((item) => item.password != null).map((item) => item.login)),
    enabled: items.some((item) => item.password != null),
    staleTime: Infinity,
  })
  const byLogin = new Map(links.data?.items.map((link) => [link.login, link]))
  return (
    <div className={classes.page}>
      <header className={classes.bar}>
        <Link to="/labs/$lab/credentials" params={{ lab: slug }} preload={false} className="link">
          ← Credentials
        </Link>
        <b>{plural(items.length, 'slip')}</b>
        <Checkbox
          label="Password on the slip"
          checked={withPassword}
          onChange={(event) => setWithPassword(event.currentTarget.checked)}
        />
        <Checkbox
          label="Also for those who have claimed or changed it"
          checked={everybody}
          onChange={(event) => setEverybody(event.currentTarget.checked)}
        />
        <span className="spacer" />
        {links.isFetching && <span className="dim">Making claim links…</span>}
        <Button variant="filled" leftSection={<PrintIcon size={14} />} onClick={() => window.print()}>
          Print
        </Button>
      </header>
      {links.isError && <Notice tone="error">{sentence(links.error)}</Notice>}
      <div className={classes.slips}>
        {items.map((item) => (
          <Slip
            key={item.login}
            title={lab.title}
            item={item}
            link={byLogin.get(item.login)}
            withPassword={withPassword}
          />
        ))}
      </div>
    </div>
  )
}

function Slip({
  title,
  item,
  link,
  withPassword,
}: {
  title: string
  item: Credential
  link: ClaimLink | undefined
  withPassword: boolean
}) {
  const where = whereFromUri(item.uri)
  return (
    <article className={classes.slip}>
      <header>
        <b>{item.name}</b>
        <span>
          {[item.section, item.seat && `seat ${item.seat}`].filter(Boolean).join(' · ')}
        </span>
      </header>
      <div className={classes.columns}>
        <dl>
          <Line label="Login" value={item.login} />
          {withPassword && <Line label="Password" value={item.password ?? 'the one you chose'} big={item.password != null} />}
          <Line label="Host" value={where.host} />
          <Line label="Port" value={where.port} />
          <Line label="Database" value={item.database ?? ''} />
        </dl>
        {link?.qr_svg && (
          <img
            className={classes.qr}
            src={`data:image/svg+xml;utf8,${encodeURIComponent(link.qr_svg)}`}
            alt={`Claim link of ${item.login}`}
          />
        )}
      </div>
      <footer>
        <span>{title}</span>
        <code>{link?.url ?? item.claim_url ?? window.location.origin}</code>
      </footer>
    </article>
  )
}

function Line({ label, value, big = false }: { label: string; value: string; big?: boolean }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className={big ? classes.big : ''}>{value}</dd>
    </div>
  )
}
