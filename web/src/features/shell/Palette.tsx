// The command palette (Ctrl-K): pages, labs, and the members of the lab one is in.

import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { boardQuery, labQuery, labsQuery, sessionQuery } from '@/api/queries'
import { SearchIcon } from '@/ui/icons'

const TABS = ['board', 'tasks', 'roster', 'credentials', 'settings', 'results', 'standings', 'activity'] as const

export function Palette({ onKeys, onSignOut }: { onKeys: () => void; onSignOut: () => void }) {
  const navigate = useNavigate()
  const { lab } = useParams({ strict: false })
  const session = useQuery(sessionQuery).data
  const labs = useQuery({ ...labsQuery, staleTime: 60_000 }).data
  // Only what is loaded already: the palette itself asks for nothing big.
  const here = useQuery({ ...labQuery(lab ?? ''), enabled: false }).data
  const board = useQuery({ ...boardQuery(lab ?? ''), enabled: false }).data
  const may = session?.may ?? []

  const groups: SpotlightActionGroupData[] = []
  if (lab && here) {
    groups.push({
      group: here.title,
      actions: TABS.map((tab) => ({
        id: `tab-${tab}`,
        label: tab[0]?.toUpperCase() + tab.slice(1),
        onClick: () => void navigate({ to: `/labs/$lab/${tab}`, params: { lab } }),
      })),
    })
  }
  if (labs) {
    groups.push({
      group: 'Labs',
      actions: labs.items.map((each) => ({
        id: `lab-${each.slug}`,
        label: each.title,
        description: each.slug,
        onClick: () => void navigate({ to: '/labs/$lab', params: { lab: each.slug } }),
      })),
    })
  }
  if (lab && board) {
    groups.push({
      group: 'Students',
      actions: board.members.map((member) => ({
        id: `member-${member.login}`,
        label: member.name,
        description: member.login,
        onClick: () => void navigate({ to: '/labs/$lab/board', params: { lab }, search: { member: member.login } }),
      })),
    })
  }
  const pages: SpotlightActionData[] = [
    { id: 'labs', label: 'All labs', onClick: () => void navigate({ to: '/labs' }) },
    { id: 'account', label: 'Account', onClick: () => void navigate({ to: '/account' }) },
    { id: 'keys', label: 'Keys', onClick: onKeys },
    { id: 'sign-out', label: 'Sign out', onClick: onSignOut },
  ]
  if (may.includes('lab_create')) {
    pages.unshift({ id: 'new', label: 'New lab', onClick: () => void navigate({ to: '/labs/new' }) })
    pages.push(
      { id: 'library', label: 'Challenges', onClick: () => void navigate({ to: '/library', search: {} }) },
      { id: 'packs', label: 'Packs', onClick: () => void navigate({ to: '/packs' }) },
    )
  }
  if (may.includes('person_manage')) {
    pages.push({ id: 'people', label: 'People', onClick: () => void navigate({ to: '/people', search: {} }) })
  }
  if (may.includes('system_view')) {
    pages.push({ id: 'system', label: 'System', onClick: () => void navigate({ to: '/system' }) })
  }
  groups.push({ group: 'Pages', actions: pages })

  return (
    <Spotlight
      actions={groups}
      shortcut={['mod + K']}
      limit={9}
      nothingFound="Nothing by that name"
      highlightQuery
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      scrollable
      maxHeight={420}
      searchProps={{ leftSection: <SearchIcon />, placeholder: 'Go to a lab, a page, a student', 'aria-label': 'Go to' }}
    />
  )
}
