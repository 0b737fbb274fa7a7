import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { limitFirstLoad } from './first-load.ts'

const server = process.env['AUTOMATION_URL'] ?? 'http://localhost:8080'

export default defineConfig({
  plugins: [react(), limitFirstLoad(400 * 1024)],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: process.env['DESIGNER_OUT'] ?? 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0, // data: addresses are not in the content security policy
    modulePreload: { polyfill: false },
  },
  server: { fs: { allow: ['../..'] }, proxy: Object.fromEntries(['/api', '/sign-in', '/sign-out', '/set-up', '/hooks', '/health', '/openapi'].map((path) => [path, { target: server, changeOrigin: false }])) },
  test: { environment: 'node', include: ['*.test.ts', 'src/**/*.test.ts', 'src/**/*.test.tsx'] },
})
