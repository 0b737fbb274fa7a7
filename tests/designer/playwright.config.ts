import { defineConfig } from '@playwright/test'

const folder = process.env['DESIGNER_RESULTS'] ?? '../../.build/test-results/designer'

export default defineConfig({
  testDir: '.',
  outputDir: folder,
  workers: 2, // a server and a browser each
  fullyParallel: true,
  forbidOnly: true,
  timeout: 120_000, // for a machine with much else to do; nothing waits for a time to pass
  expect: { timeout: 30_000 },
  reporter: [['line'], ['json', { outputFile: `${folder}.json` }]],
  use: {
    viewport: { width: 1440, height: 900 },
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
})
