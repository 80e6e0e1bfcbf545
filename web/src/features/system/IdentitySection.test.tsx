import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { identityQuery } from '@/api/queries'
import type { DirectoryView, Identity } from '@/api/types'
import { IdentitySection, IdentitySteps } from './IdentitySection'

const directory = (more: Partial<DirectoryView> = {}): DirectoryView => ({
  servers: [{ url: 'ldaps://a:636', up: true }],
  tls: 'ldaps',
  people: '(uid={login}) below ou=people,dc=x',
  bind_dn: 'cn=reader,dc=x',
  ...more,
})

/** The words of the section, without the markup. */
function shown(identity: Identity): string {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
  client.setQueryData(identityQuery.queryKey, identity)
  return words(
    <QueryClientProvider client={client}>
      <MantineProvider>
        <IdentitySection />
      </MantineProvider>
    </QueryClientProvider>,
  )
}

const words = (element: React.ReactElement) =>
  renderToStaticMarkup(element)
    .replace(/<style[^]*?<\/style>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')

describe('the section of identity', () => {
  test('local: there is nothing to test', () => {
    const text = shown({ mode: 'local' })
    expect(text).toContain('pglab keeps the passwords.')
    expect(text).not.toContain('Test this')
  })

  test('managed and directory say who keeps the passwords, and offer the test', () => {
    expect(shown({ mode: 'managed', directory: directory({ bind_dn: undefined, suffix: 'dc=x' }) })).toContain('An LDAP tree that pglab fills')
    const text = shown({ mode: 'directory', directory: directory() })
    expect(text).toContain('pglab only reads it')
    expect(text).toContain('ldaps://a:636 answers')
    expect(text).toContain('cn=reader,dc=x')
    expect(text).toContain('Test this')
    expect(text).not.toContain('away')
  })

  test('away only when no server answers', () => {
    const servers = (...up: (boolean | null)[]) => up.map((up, n) => ({ url: `ldaps://${n}`, up }))
    expect(shown({ mode: 'directory', directory: directory({ servers: servers(false, true) }) })).not.toContain('The directory is away')
    expect(shown({ mode: 'directory', directory: directory({ servers: servers(false, null) }) })).not.toContain('The directory is away')
    expect(shown({ mode: 'directory', directory: directory({ servers: servers(false, false) }) })).toContain('The directory is away')
  })

  test('without protection it is said that passwords can be read', () => {
    expect(shown({ mode: 'directory', directory: directory({ tls: 'plain' }) })).toContain('Passwords can be read on the way')
    expect(shown({ mode: 'directory', directory: directory({ tls: 'starttls' }) })).toContain('StartTLS')
  })

  test('each step of the test says whether it passed, and what was said', () => {
    const steps = [
      { name: 'Connect', passed: true, said: 'ldaps://a:636 answers' },
      { name: 'Connect', passed: false, said: 'the certificate of ldaps://b:636 is not trusted: UnknownIssuer' },
    ]
    expect(words(<IdentitySteps result={{ passed: false, steps }} />).trim()).toBe(
      'Connect passed ldaps://a:636 answers Connect failed the certificate of ldaps://b:636 is not trusted: UnknownIssuer',
    )
  })
})
