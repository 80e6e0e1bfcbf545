// Where the page starts: styles, theme, cache, router.

import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/spotlight/styles.css'
import './ui/fonts.css'
import './ui/tokens.css'
import './ui/base.css'

import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { isApiError } from './api/client'
import { queryClient, sessionQuery } from './api/queries'
import { router } from './router'
import { cssVariables, theme } from './ui/theme'

const colorScheme = localStorageColorSchemeManager({ key: 'pglab-colours' })

// Before the first drawing, so that a dark page does not flash white.
const wanted = colorScheme.get('auto')
const dark = wanted === 'dark' || (wanted === 'auto' && window.matchMedia('(prefers-color-scheme: dark)').matches)
document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')

// A session that ended is noticed by whoever asks next; the router then leads to signing in.
const ended = (error: unknown) => {
  if (isApiError(error, 'not_signed_in', 'password_change_required')) {
    void queryClient.resetQueries({ queryKey: sessionQuery.queryKey }).then(() => router.invalidate())
  }
}
queryClient.getQueryCache().config.onError = ended
queryClient.getMutationCache().config.onError = ended

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={colorScheme} cssVariablesResolver={cssVariables}>
        <Notifications position="bottom-right" />
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
}
