import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

/** Builds the console into `dist/console`. Everything stays a file of its own: the page's CSP allows no inline script or style. */
export default defineConfig({
  root: 'console',
  base: '/console/',
  plugins: [vue({ features: { optionsAPI: false } })],
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    license: { fileName: 'licenses.md' },
  },
})
