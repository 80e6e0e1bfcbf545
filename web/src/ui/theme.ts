// Mantine's theme, drawn from tokens.css: small type, tight controls, one accent.

import { Button, createTheme, type CSSVariablesResolver, Modal, Tooltip } from '@mantine/core'

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 3 },
  colors: {
    accent: [
      '#eef2fd', '#dfe6fa', '#b9c8f4', '#8ba6ff', '#6283e4', '#4669d6', '#3257c9', '#2a4aae', '#223d90', '#1b3072',
    ],
    dark: [
      '#ececee', '#a9a9b4', '#92929e', '#62626d', '#3a3b43', '#2d2e34', '#1b1c20', '#16171a', '#111214', '#0c0d0e',
    ],
  },
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.1875rem' },
  defaultRadius: 6,
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Button: Button.extend({
      defaultProps: { size: 'xs', variant: 'default' },
      vars: (_, props) => ({
        root:
          props.variant === 'filled' && !props.color
            ? { '--button-bg': 'var(--accent)', '--button-hover': 'var(--accent-strong)', '--button-color': 'var(--on-accent)' }
            : props.variant === 'filled' && props.color === 'orange.9'
              ? { '--button-bg': '#bf3f13', '--button-hover': '#a5360f', '--button-color': '#ffffff' }
              : {},
      }),
      styles: { label: { fontWeight: 500, fontSize: 13 } },
    }),
    TextInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    SegmentedControl: { styles: { root: { background: 'var(--bg-subtle)', border: '1px solid var(--line)' } } },
    Switch: { defaultProps: { size: 'sm' } },
    Checkbox: { defaultProps: { size: 'xs' } },
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 250, withArrow: false, multiline: true } }),
    Modal: Modal.extend({ defaultProps: { centered: true, radius: 10, closeButtonProps: { 'aria-label': 'Close' } } }),
    InputWrapper: { styles: { label: { fontWeight: 500, marginBottom: 4 }, description: { marginBottom: 4 } } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
  },
})

const common = {
  '--mantine-color-body': 'var(--bg)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-dimmed': 'var(--text-dim)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-color-default': 'var(--bg-raised)',
  '--mantine-color-default-hover': 'var(--bg-hover)',
  '--mantine-color-default-color': 'var(--text)',
  '--mantine-color-placeholder': 'var(--text-faint)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-error': 'var(--broken)',
}
export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: common, dark: common })
