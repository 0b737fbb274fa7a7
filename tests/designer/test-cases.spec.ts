import { expect, test } from './fixtures.ts'

const orders = {
  name: 'Orders',
  triggers: { order: { type: 'webhook', path: '/orders' } },
  steps: {
    total: { type: 'script', code: 'return { total: event.data.price * event.data.count };', next: 'large' },
    large: { type: 'if', condition: '${input.total > 100}', next: { true: 'crm' } },
    crm: { type: 'webhook.send', url: 'RECEIVER/crm', body: { total: '${input.total}' } },
  },
}

test.use({ setUp: { files: { 'orders.json': JSON.stringify(orders) } } })

type Cases = { cases: Record<string, { trigger: string; event: { data: unknown; headers: Record<string, string> }; expect: { state: string; steps: Record<string, { outcome: string; output?: unknown }> } }> }

test('a run is saved as a test case, without what let its sender in, and is sample data in the editor', async ({ page, server }) => {
  await fetch(`${server.url}/hooks/orders`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer of the sender', 'x-hub-signature-256': 'sha256=00' }, body: '{"price":60,"count":2,"id":90071992547409931}' })
  await page.goto('/runs')
  await page.getByRole('table', { name: 'Runs' }).getByRole('row').filter({ hasText: 'succeeded' }).click()
  await page.getByRole('button', { name: 'Save as test case' }).click()
  const dialog = page.getByRole('dialog', { name: 'Save as test case' })
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(dialog.getByRole('alert')).toHaveText('Give the test case a name.')
  await dialog.getByRole('textbox', { name: 'Name' }).fill('A large order')
  await dialog.getByRole('checkbox', { name: 'Also expect what the steps put out' }).check()
  await page.keyboard.press('Enter')
  await expect(page.getByText('Saved as “A large order” in orders.tests.json.', { exact: true })).toBeVisible()
  await expect(dialog).toHaveCount(0)

  const text = await server.read('orders.tests.json')
  const { cases } = JSON.parse(text) as Cases
  expect(cases['A large order']?.trigger).toBe('order')
  expect(cases['A large order']?.event.data).toMatchObject({ price: 60, count: 2 })
  expect(text).toContain('"id": 90071992547409931') // more than JavaScript counts with
  expect(Object.keys(cases['A large order']?.event.headers ?? {})).not.toContain('authorization')
  expect(text).not.toMatch(/of the sender|sha256|•••/)
  expect(cases['A large order']?.expect).toEqual({ state: 'succeeded', steps: { total: { outcome: 'done', output: { total: 120 } }, large: { outcome: 'true', output: { total: 120 } }, crm: { outcome: 'done' } } })
  expect(await server.api('POST', '/api/workflows/orders/check', { files: { 'orders.tests.json': text } })).toEqual({ problems: [] })

  await page.getByRole('tab', { name: 'Links' }).click()
  await page.getByRole('link', { name: /^webhook/ }).first().click()
  await page.getByRole('button', { name: 'Save as test case' }).click()
  await dialog.getByRole('textbox', { name: 'Name' }).fill('A large order')
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('alert')).toContainText('There is a test case “A large order” already.')
  await dialog.getByRole('textbox', { name: 'Name' }).fill('The same again')
  await page.keyboard.press('Enter')
  await expect(dialog).toHaveCount(0)
  expect(Object.keys((JSON.parse(await server.read('orders.tests.json')) as Cases).cases)).toEqual(['A large order', 'The same again'])

  await page.goto('/workflows/orders')
  await page.getByRole('group', { name: /^step large,/ }).click()
  await page.getByRole('combobox', { name: 'Run whose data is shown' }).selectOption('Test case · A large order')
  await expect(page).toHaveURL(/sample=test%3AA\+large\+order/)
  await expect(page.getByRole('tree', { name: 'Data' })).toContainText('120')
})
