import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// The development server hands /api to pglab or to dev/mock.mjs; PGLAB_DEV_PORT says where it listens.
const target = `http://127.0.0.1:${process.env.PGLAB_DEV_PORT ?? '7431'}`

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { port: Number(process.env.PORT ?? 5173), proxy: { '/api': { target, ws: true }, '/healthz': target } },
  build: {
    target: 'es2022',
    // Fonts as data: URIs would be refused by the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler|@tanstack)\// },
            { name: 'mantine', test: /node_modules\/(@mantine|@floating-ui)\// },
            { name: 'sql', test: /node_modules\/(@codemirror|@lezer|style-mod|w3c-keyname|crelt)\// },
          ],
        },
      },
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.{ts,tsx}'] },
})
