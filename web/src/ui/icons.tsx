// The few icons that the pages need, drawn on a 16 × 16 grid with a 1.5 stroke. Decoration only: whoever uses one
// gives the words.

import type { ReactNode } from 'react'

function icon(children: ReactNode) {
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        style={{ flex: 'none' }}
      >
        {children}
      </svg>
    )
  }
}

export const CopyIcon = icon(
  <>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M10.5 5.500v-1.500A1.5 1.5 0 0 0 9 2.500H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.500h1.5" />
  </>,
)
export const CheckIcon = icon(<path d="m3 8.5 3.2 3.200L13 4.8" />)
export const ChevronIcon = icon(<path d="m6 4 4 4-4 4" />)
export const DownIcon = icon(<path d="m4 6 4 4 4-4" />)
export const UpIcon = icon(<path d="m4 10 4-4 4 4" />)
export const CloseIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />)
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.5" />
    <path d="m10.5 10.5 3 3" />
  </>,
)
export const PlusIcon = icon(<path d="M8 3v10M3 8h10" />)
export const TrashIcon = icon(<path d="M2.5 4.500h11M6 4.500V3h4v1.500M4 4.500l.6 8.500h6.800l.6-8.5" />)
export const SunIcon = icon(
  <>
    <circle cx="8" cy="8" r="2.7" />
    <path d="M8 1.500v1.300M8 13.200v1.300M1.5 8h1.300M13.2 8h1.300M3.4 3.400l.9.9M11.7 11.700l.9.9M12.6 3.400l-.9.9M4.3 11.700l-.9.9" />
  </>,
)
export const MoonIcon = icon(<path d="M13 9.500A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.500Z" />)
export const HandIcon = icon(
  <path d="M5.5 8.500V4a1 1 0 0 1 2 0v3.500V2.800a1 1 0 0 1 2 0v4.700V4a1 1 0 0 1 2 0v5.500c0 2.5-1.5 4.5-4 4.5-2 0-3-1-3.8-2.400L2.4 9.200a1 1 0 0 1 1.7-1l1.4 1.6" />,
)
export const DownloadIcon = icon(<path d="M8 2.500v7.500M5 7.5 8 10.500l3-3M3 13.500h10" />)
export const PrintIcon = icon(
  <path d="M4.5 6V2.500h7V6M4.5 11.500h-2v-4A1.5 1.5 0 0 1 4 6h8a1.5 1.5 0 0 1 1.5 1.500v4h-2M4.5 9.500h7v4h-7z" />,
)
export const ScreenIcon = icon(
  <>
    <rect x="2" y="3" width="12" height="8" rx="1" />
    <path d="M6 13.500h4" />
  </>,
)
export const EyeIcon = icon(
  <>
    <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Z" />
    <circle cx="8" cy="8" r="1.8" />
  </>,
)
export const UserIcon = icon(
  <>
    <circle cx="8" cy="5.5" r="2.5" />
    <path d="M3 13.500c.5-2.5 2.5-4 5-4s4.5 1.5 5 4" />
  </>,
)
export const MoreIcon = icon(<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.2" />)
export const UploadIcon = icon(<path d="M8 10.500V3M5 5.5 8 2.500l3 3M3 13.500h10" />)
export const GripIcon = icon(<path d="M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01" strokeWidth="1.8" />)
