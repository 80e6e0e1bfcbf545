// The frame of every page for somebody signed in: where one is, the command palette, colours, the account.

import { ActionIcon, Kbd, Menu, Modal, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { openSpotlight } from '@mantine/spotlight'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useRouter } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import * as calls from '@/api/calls'
import { setCsrfToken } from '@/api/client'
import { labQuery, sessionQuery } from '@/api/queries'
import type { SignedOut } from '@/api/types'
import { MoonIcon, SearchIcon, SunIcon, UserIcon } from '@/ui/icons'
import { KEYS } from './keys'
import { Palette } from './Palette'
import classes from './Shell.module.css'

export function Shell({ children, bare }: { children: ReactNode; bare: boolean }) {
  const { data: session } = useQuery(sessionQuery)
  const client = useQueryClient()
  const router = useRouter()
  const signedOut = session?.signed_in === false
  useEffect(() => {
    if (signedOut) void router.invalidate()
  }, [router, signedOut])
  const navigate = useNavigate()
  const { lab } = useParams({ strict: false })
  const [keysOpen, keys] = useDisclosure(false)
  useHotkeys([['shift+?', keys.open]])
  const { setColorScheme, clearColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')

  const signOut = () => {
    const done = (out?: SignedOut) => {
      setCsrfToken(null)
      client.clear()
      // The session came from a provider: it is ended there too.
      if (out?.go_to) window.location.assign(out.go_to)
      else void navigate({ to: '/sign-in' })
    }
    calls.sessionDelete().then(done, () => done())
  }

  if (bare) {
    return (
      <>
        {children}
        <KeysDialog opened={keysOpen} onClose={keys.close} />
      </>
    )
  }
  const may = session?.may ?? []
  return (
    <div className={classes.shell}>
      <a href="#main" className="skip-link">
        Skip to the content
      </a>
      <header className={classes.bar}>
        <Link to="/" className={classes.brand} aria-label="pglab, start">
          <Mark />
          <span>pglab</span>
        </Link>
        <nav className={classes.crumbs} aria-label="Where you are">
          {session?.person?.role !== 'student' && (
            <Link to="/labs" className={classes.crumb} activeOptions={{ exact: true }}>
              Labs
            </Link>
          )}
          {lab && session?.person?.role !== 'student' && <LabCrumb slug={lab} />}
          {!lab && may.includes('lab_create') && (
            <Link to="/library" className={`${classes.crumb} wide-only`}>
              Challenges
            </Link>
          )}
        </nav>
        <span className="spacer" />
        <UnstyledButton className={classes.palette} onClick={openSpotlight} aria-label="Go to… Ctrl K, search and commands">
          <SearchIcon size={14} />
          <span className={classes.paletteText}>Go to…</span>
          <Kbd size="xs" className={classes.kbd ?? ''}>
            Ctrl K
          </Kbd>
        </UnstyledButton>
        <ActionIcon
          onClick={() => setColorScheme(scheme === 'dark' ? 'light' : 'dark')}
          onContextMenu={(event) => {
            event.preventDefault()
            clearColorScheme()
          }}
          aria-label={scheme === 'dark' ? 'Light colours' : 'Dark colours'}
          title={scheme === 'dark' ? 'Light colours' : 'Dark colours'}
        >
          {scheme === 'dark' ? <SunIcon /> : <MoonIcon />}
        </ActionIcon>
        <Menu position="bottom-end" width={210}>
          <Menu.Target>
            <UnstyledButton className={classes.person} aria-label={`Account of ${session?.person?.name ?? ''}`}>
              <UserIcon />
              <span className={classes.personName}>{session?.person?.name}</span>
            </UnstyledButton>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>
              {session?.person?.login} · {session?.person?.role}
            </Menu.Label>
            <Menu.Item component={Link} to="/account">
              Account
            </Menu.Item>
            {may.includes('lab_create') && (
              <>
                <Menu.Item component={Link} to="/library">
                  Challenges
                </Menu.Item>
                <Menu.Item component={Link} to="/packs">
                  Packs
                </Menu.Item>
              </>
            )}
            {may.includes('person_manage') && (
              <Menu.Item component={Link} to="/people">
                People
              </Menu.Item>
            )}
            {may.includes('system_view') && (
              <Menu.Item component={Link} to="/system">
                System
              </Menu.Item>
            )}
            <Menu.Item onClick={clearColorScheme}>Colours of the system</Menu.Item>
            <Menu.Item onClick={keys.open} rightSection={<Kbd size="xs">?</Kbd>}>
              Keys
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item onClick={signOut}>Sign out</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </header>
      <main id="main" className={classes.main} tabIndex={-1}>
        {children}
      </main>
      <Palette onKeys={keys.open} onSignOut={signOut} />
      <KeysDialog opened={keysOpen} onClose={keys.close} />
    </div>
  )
}

function LabCrumb({ slug }: { slug: string }) {
  const { data } = useQuery({ ...labQuery(slug), enabled: false })
  return (
    <>
      <span className={classes.slash} aria-hidden="true">
        /
      </span>
      <h1 className={`${classes.lab} clip`}>
        <Link to="/labs/$lab" params={{ lab: slug }} className={classes.crumb}>
          {data?.title ?? slug}
        </Link>
      </h1>
    </>
  )
}

function KeysDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={<b>Keys</b>} size="sm">
      <dl className={classes.keys}>
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}

/** Four cells of a board. */
export function Mark({ size = 18 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 18 18" aria-hidden="true">
      <circle cx="4.5" cy="4.5" r="3.5" fill="var(--accent)" />
      <circle cx="13.5" cy="4.5" r="2.8" fill="none" stroke="var(--accent)" strokeWidth="1.4" />
      <circle cx="4.5" cy="13.5" r="3.5" fill="var(--accent)" />
      <circle cx="13.5" cy="13.5" r="3.5" fill="var(--accent)" />
    </svg>
  )
}
