// Short messages in the corner.

import { notifications } from '@mantine/notifications'

const CLOSE = { 'aria-label': 'Close this message' }

export function told(message: string) {
  notifications.show({ message, autoClose: 4000, withBorder: true, color: 'green', closeButtonProps: CLOSE })
}

export function failed(error: unknown) {
  const message = error instanceof Error && error.message ? error.message : 'Something went wrong; try again.'
  notifications.show({ message, autoClose: 9000, withBorder: true, color: 'orange', title: 'That did not work', closeButtonProps: CLOSE })
}
