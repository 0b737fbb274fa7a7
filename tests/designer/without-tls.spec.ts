import { Editor } from './editor.ts'
import { expect, Server, test } from './fixtures.ts'

const hook = {
  name: 'Hook',
  triggers: { order: { type: 'webhook', path: '/orders' } },
  steps: { note: { type: 'log', message: 'an order' } },
}

test.use({ setUp: { files: { 'hook.json': JSON.stringify(hook) } } })

// To browsers, pages of 127.0.0.1 are as safe as those by TLS; of a machine in the house they are not, and lack the clipboard, randomUUID and more.
test('a server that is reached by its name, without TLS, can be worked with', async ({ playwright, launchOptions, server }) => {
  const browser = await playwright.chromium.launch({ ...launchOptions, args: [...(launchOptions.args ?? []), '--host-resolver-rules=MAP automation.example 127.0.0.1'] })
  try {
    const url = server.url.replace('127.0.0.1', 'automation.example')
    const page = await browser.newPage({ baseURL: url })
    const wrong: unknown[] = []
    page.on('pageerror', (error) => wrong.push(error))
    await page.goto(`/?token=${Server.token}`)
    expect(await page.evaluate(() => [isSecureContext, 'clipboard' in navigator])).toEqual([false, false])

    const editor = new Editor(page)
    await editor.open('hook')
    await editor.step('note').click()
    await page.keyboard.press('Control+c')
    await page.keyboard.press('Control+v')
    await expect(editor.step('note2')).toBeVisible()
    await editor.trigger('order').click()
    await page.getByRole('tab', { name: 'Try it' }).click()
    await page.getByRole('button', { name: 'Copy the address' }).click()
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
    await page.getByRole('tab', { name: 'Settings' }).click()
    await editor.type(editor.field('path'), '')
    await page.keyboard.press('Control+v')
    await expect(editor.field('path')).toHaveText(`${url}/hooks/orders`)
    expect(wrong).toEqual([])
  } finally {
    await browser.close()
  }
})
