// The root of all pages, and the two layouts below it: with the frame for people signed in, and without.

import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, Outlet, redirect, useRouterState } from '@tanstack/react-router'
import { sessionQuery } from '@/api/queries'
import { Failure, NotFound } from '@/features/shell/Failure'
import { Shell } from '@/features/shell/Shell'

export const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: ({ error }) => <Failure error={error} />,
})

/** Everything that needs somebody signed in. */
export const insideRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'inside',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery)
    if (!session.signed_in) {
      throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } })
    }
    if (session.must_change_password) throw redirect({ to: '/password' })
    return { session }
  },
  component: function Inside() {
    const bare = useRouterState({
      select: (state) =>
        (state.location.search as { projector?: unknown }).projector === 1 || state.location.pathname.endsWith('/slips'),
    })
    return (
      <Shell bare={bare}>
        <Outlet />
      </Shell>
    )
  },
})
