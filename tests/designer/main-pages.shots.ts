import { fileURLToPath } from 'node:url'
import { expect, test } from './fixtures.ts'
import { coldStore, found, live, open, pages } from './places.ts'

const folder = fileURLToPath(new URL('../../docs/images/designer/', import.meta.url))
const shown = ['Workflows', 'Editor', 'Run', 'Waiting run', 'Delivery', 'Request', 'MQTT topics', 'Dashboard']

test.use({ setUp: { files: coldStore, secrets: { TOOL: 'It is a secret to everybody' }, git: true }, viewport: { width: 1280, height: 800 } })

for (const colorScheme of ['light', 'dark'] as const) {
  test(colorScheme, async ({ page, server, receiver }) => {
    test.setTimeout(600_000)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await live(server, receiver)
    const at = await found(server)
    for (const name of shown) {
      await open(page, at(pages[name] ?? ''))
      if (name === 'Editor') await page.locator('.react-flow__node').filter({ hasText: 'message' }).click()
      await expect(page.getByText('Loading', { exact: true })).toHaveCount(0)
      await page.screenshot({ path: `${folder}${name.toLowerCase().replace(' ', '-')}-${colorScheme}.png` })
    }
  })
}
