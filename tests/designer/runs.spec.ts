import type { Page } from '@playwright/test'
import { expect, refuse, test } from './fixtures.ts'
import { holdUp } from './requests-held-up.ts'

const price = (lines: string[]) => ['export default function ({ input }) {', ...lines, '  return input.price * input.count;', '}', ''].join('\n')

const orders = {
  name: 'Orders',
  triggers: { order: { type: 'webhook', path: '/orders' } },
  steps: {
    stock: { type: 'http.request', url: 'RECEIVER/stock', next: 'lines' },
    lines: { type: 'forEach', items: '${event.data.lines}', next: { item: 'price', done: 'total' } },
    price: { type: 'script', file: 'orders.js' },
    total: { type: 'script', code: ['console.log(`${input.length} lines`);', 'return { total: input.reduce((sum, line) => sum + line, 0) };'], next: 'crm' },
    crm: { type: 'webhook.send', url: 'RECEIVER/crm', body: { total: '${input.total}' } },
  },
}

const later = {
  name: 'Later',
  triggers: { start: { type: 'webhook', path: '/later' } },
  steps: { pause: { type: 'delay', for: '1h' } },
}

const good = { lines: [{ id: 1, price: 2, count: 3 }, { id: 2, price: 10, count: 1 }, { id: 3, price: 1, count: 1 }] }
const bad = { lines: [{ id: 1, price: 2, count: 3 }, { id: 2, count: 1 }] }

test.use({
  setUp: {
    files: {
      'orders.json': JSON.stringify(orders),
      'orders.js': price(['  if (input.price === undefined) {', '    throw new Error(`Line ${input.id} has no price.`);', '  }']),
      'later.json': JSON.stringify(later),
    },
  },
})

const list = (page: Page, label: string) => page.getByRole('table', { name: label }).getByRole('row')
const canvas = (page: Page) => page.getByRole('group', { name: 'The run on orders' })
const details = (page: Page, step: string) => page.getByRole('region', { name: `Step ${step}` })

/** Opens the newest run of the list of runs. */
async function openNewest(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await list(page, 'Runs').nth(1).click()
}

test('the list of runs is live, and filters by state, workflow and time', async ({ page, server }) => {
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'No runs yet.' })).toBeVisible()
  await expect(page.getByText('live', { exact: true })).toBeVisible()

  await server.hook('/orders', good)
  await expect(list(page, 'Runs').filter({ hasText: 'succeeded' })).toHaveCount(1)
  await server.hook('/orders', bad)
  await expect(list(page, 'Runs').filter({ hasText: 'Line 2 has no price.' })).toHaveCount(1)
  await server.hook('/later', {})
  await expect(list(page, 'Runs').filter({ hasText: 'waiting' })).toHaveCount(1)
  await expect(list(page, 'Runs')).toHaveCount(4)

  await page.getByRole('combobox', { name: 'State' }).selectOption('failed')
  await expect(list(page, 'Runs')).toHaveCount(2)
  await expect(page).toHaveURL(/state=failed/)
  await server.hook('/orders', bad)
  await expect(list(page, 'Runs')).toHaveCount(3) // live, and filtered still

  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('combobox', { name: 'Workflow' }).fill('later')
  await expect(list(page, 'Runs')).toHaveCount(2)
  await page.getByRole('combobox', { name: 'Since' }).selectOption('15m')
  await expect(list(page, 'Runs')).toHaveCount(2)
  await page.getByRole('combobox', { name: 'State' }).selectOption('cancelled')
  await expect(page.getByRole('heading', { name: 'No run is like this.' })).toBeVisible()
  await page.getByRole('button', { name: 'Show all runs' }).click()
  await expect(list(page, 'Runs')).toHaveCount(5)
})

test('a run is drawn on the canvas of its own version, also when the file has changed since', async ({ page, server, receiver }) => {
  await server.hook('/orders', good)
  await openNewest(page)
  await expect(page.getByRole('heading', { name: 'orders succeeded' })).toBeVisible()
  const { crm, total, ...rest } = orders.steps
  const changed = { ...orders, steps: { ...rest, total: { ...total, next: 'ledger' }, ledger: crm } }
  await server.write('orders.json', JSON.stringify(changed).replaceAll('RECEIVER', receiver.url))
  await expect.poll(() => server.api<{ document: { steps: object } }>('GET', '/api/workflows/orders').then(({ document }) => Object.keys(document.steps))).toContain('ledger')

  const allow = await refuse(page, /\/api\/workflows\/orders\/versions\//, 'This version is not for you.')
  await page.reload()
  await expect(page.getByRole('main').getByRole('alert')).toContainText('This version is not for you.')
  await allow()
  await page.getByRole('button', { name: 'Try again' }).click()
  for (const step of ['stock', 'lines', 'price', 'total', 'crm']) await expect(canvas(page).getByRole('group', { name: new RegExp(`^step ${step}, .*succeeded`) })).toBeVisible()
  await expect(canvas(page).getByRole('group', { name: /ledger/ })).toHaveCount(0)
  await expect(canvas(page).getByRole('group', { name: /^step price/ })).toContainText('×3') // rounds of the loop
})

test('a step shows what it got, gave and logged, by mouse on the canvas and by keyboard in the waterfall', async ({ page, server }) => {
  await server.hook('/orders', good)
  await openNewest(page)
  await expect(page.getByRole('heading', { name: 'orders succeeded' })).toBeVisible()
  await canvas(page).getByRole('group', { name: /^step total/ }).click()
  await expect(details(page, 'total').getByRole('tabpanel', { name: 'Output' })).toContainText('17')
  await details(page, 'total').getByRole('tab', { name: 'Output' }).focus()
  await page.keyboard.press('ArrowRight')
  await expect(details(page, 'total').getByRole('tabpanel', { name: 'Input' })).toContainText('3 items')
  await page.keyboard.press('ArrowRight')
  await expect(details(page, 'total').getByRole('tabpanel', { name: 'Log 1' })).toContainText('3 lines')

  const steps = page.getByRole('listbox', { name: 'Step runs' })
  await expect(steps.getByRole('option')).toHaveCount(1)
  await page.getByRole('combobox', { name: 'Step' }).selectOption('')
  await expect(steps.getByRole('option')).toHaveCount(8) // the loop has one when it begins, and one when it ends
  await steps.focus()
  await page.keyboard.press('End')
  await expect(details(page, 'crm')).toBeVisible()
  await page.keyboard.press('Home')
  await expect(details(page, 'stock')).toBeVisible()
  await expect(steps.getByRole('option', { selected: true }).getByRole('img', { name: /after the start$/ })).toBeVisible()

  await page.getByRole('combobox', { name: 'Step' }).selectOption('price')
  await expect(steps.getByRole('option')).toHaveCount(3)
  await steps.getByRole('option').nth(1).click()
  await expect(details(page, 'price')).toContainText('lines 1')
  await page.getByRole('combobox', { name: 'Step' }).selectOption('')
  await details(page, 'price').getByRole('button', { name: /^lines #/ }).click()
  await expect(details(page, 'lines')).toBeVisible()

  await page.getByRole('tab', { name: 'Log', exact: true }).first().click()
  await page.getByRole('listbox', { name: 'Log' }).getByRole('option', { name: /3 lines/ }).click()
  await expect(details(page, 'total')).toBeVisible()
})

test('an error leads to its line, and the newest version takes the place of the run', async ({ page, server, receiver }) => {
  await server.hook('/orders', bad)
  await openNewest(page)
  await expect(page.getByRole('heading', { name: 'orders failed' })).toBeVisible()
  await expect(canvas(page).getByRole('group', { name: /^step price, .*failed/ })).toContainText('1 of 2: Line 2 has no price.')
  const error = details(page, 'price').getByRole('tabpanel', { name: 'Error' })
  await expect(error.getByRole('alert')).toContainText('orders.js:3')
  await expect(error.getByRole('list', { name: 'orders.js' }).getByRole('listitem').nth(2)).toContainText('Line 2 has no price.')
  await expect(error.getByText('throw new Error')).toBeInViewport()

  await server.write('orders.js', price(['  if (input.price === undefined) return 0;']))
  const version = () => server.api<{ version: string }>('GET', '/api/workflows/orders').then((workflow) => workflow.version)
  const before = await version()
  await expect.poll(version).not.toBe(before)
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Replay with the newest version' }).click()
  await expect(page.getByText('Another run takes its place.', { exact: true })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'orders succeeded' })).toBeVisible()
  let call = await receiver.next()
  while (call.path !== '/crm') call = await receiver.next()
  expect(JSON.parse(call.body)).toEqual({ total: 6 })

  await page.getByRole('tab', { name: 'Links' }).click()
  await page.getByRole('definition').getByRole('link', { name: /^run_/ }).click()
  await expect(page.getByRole('heading', { name: 'orders failed' })).toBeVisible()
  await expect(page.getByRole('button', { name: /^Retry from/ })).toHaveCount(0) // it was retried
})

test('a failed run goes on from the failed step, by keyboard', async ({ page, server, receiver }) => {
  receiver.on('/stock', 503)
  await server.hook('/orders', good)
  await openNewest(page)
  await expect(page.getByRole('note').getByText('stock')).toBeVisible()
  await expect(canvas(page).getByRole('group', { name: /^step stock, .*failed/ })).toBeVisible()
  receiver.on('/stock', 200)
  await page.getByRole('button', { name: 'Retry from stock' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText('The run goes on from the failed step.', { exact: true })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'orders succeeded' })).toBeVisible()
  await expect(canvas(page).getByRole('group', { name: /^step stock, .*succeeded/ })).toContainText('2 tries')
  await expect(canvas(page).getByRole('group', { name: /^step crm, .*succeeded/ })).toBeVisible()
  await page.getByRole('tab', { name: 'Links' }).click()
  await expect(page.getByRole('tabpanel', { name: 'Links' }).getByText('retry')).toBeVisible() // what people did
})

test('many failed runs are retried at once, with their number said first', async ({ page, server, receiver }) => {
  receiver.on('/stock', 503)
  for (let number = 0; number < 3; number++) await server.hook('/orders', good)
  await server.hook('/orders', bad)
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await expect(list(page, 'Runs').filter({ hasText: 'failed' })).toHaveCount(4)
  receiver.on('/stock', 200)
  await page.getByRole('button', { name: 'Retry failed runs' }).click()
  const dialog = page.getByRole('dialog', { name: 'Retry failed runs' })
  await expect(dialog.getByRole('button', { name: 'Retry 4 runs' })).toBeVisible()
  const step = dialog.getByRole('searchbox', { name: 'Failed step' })
  await step.fill('crm')
  await step.press('Enter') // before it was counted
  await expect(dialog.getByText('No failed run is like this.')).toBeVisible()
  await step.fill('stock')
  const goOn = await holdUp(page, '/api/runs/retry')
  await dialog.getByRole('button', { name: 'Retry 4 runs' }).click()
  await expect(dialog.getByRole('progressbar')).toBeVisible()
  await page.keyboard.press('Escape') // what is under way is finished, and told
  await expect(dialog).toHaveCount(0)
  goOn()
  await expect(page.getByText('4 runs were retried.', { exact: true })).toBeVisible()
  await expect(list(page, 'Runs').filter({ hasText: 'succeeded' })).toHaveCount(3)
  await expect(list(page, 'Runs').filter({ hasText: 'Line 2 has no price.' })).toHaveCount(1)
})

test('a run that waits is cancelled, after it is said what that means', async ({ page, server }) => {
  await server.hook('/later', {})
  await openNewest(page)
  await expect(page.getByRole('heading', { name: 'later waiting' })).toBeVisible()
  await page.getByRole('button', { name: 'Cancel' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Cancel this run?' })
  await expect(dialog).toContainText('A cancelled run cannot be retried.')
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('heading', { name: 'later waiting' })).toBeVisible()
  await page.getByRole('button', { name: 'Cancel' }).focus()
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Cancel the run' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'later cancelled' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Cancel' })).toHaveCount(0)
})

test('one goes from an event to its run to the delivery, and back', async ({ page, server }) => {
  await server.hook('/orders', good)
  await page.getByRole('link', { name: 'Events', exact: true }).click()
  await list(page, 'Events').nth(1).click()
  await expect(page.getByRole('heading', { name: 'webhook.received done' })).toBeVisible()
  await list(page, 'Runs of the event').nth(1).click()
  await expect(page.getByRole('heading', { name: 'orders succeeded' })).toBeVisible()
  await page.getByRole('tab', { name: 'Links' }).click()
  await page.getByRole('link', { name: 'crm' }).click()
  await expect(page.getByRole('heading', { name: /^POST http:.* succeeded$/ })).toBeVisible()
  await page.getByRole('definition').getByRole('link', { name: /^run_/ }).click()
  await page.getByRole('tab', { name: 'Links' }).click()
  await page.getByRole('link', { name: 'webhook.received' }).click()
  await expect(page.getByRole('heading', { name: 'webhook.received done' })).toBeVisible()
})

test("a run's event is the sample data in the editor", async ({ page, server }) => {
  await server.hook('/orders', good)
  await server.hook('/orders', { lines: [{ id: 77, price: 5, count: 1 }] })
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await expect(list(page, 'Runs').filter({ hasText: 'succeeded' })).toHaveCount(2)
  await list(page, 'Runs').nth(1).click()
  await expect(page.getByRole('heading', { name: 'orders succeeded' })).toBeVisible()
  const run = page.url().split('/').at(-1)?.split('?')[0] ?? ''
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: "Edit the workflow with this run's data" }).click()
  await expect(page).toHaveURL(new RegExp(`/workflows/orders\\?sample=${run}`))
  await page.getByRole('group', { name: /^step stock/ }).click()
  await expect(page.getByRole('combobox', { name: 'Run whose data is shown' })).toHaveValue(run)
  await expect(page.getByRole('tree', { name: 'Data' })).toContainText('lines')
})

test("a run's page is read anew when that run goes on, not when others do", async ({ page, server, receiver }) => {
  receiver.on('/stock', 500)
  await server.hook('/orders', good)
  const failed = async () => (await server.api<{ items: { id: string }[] }>('GET', '/api/runs?state=failed')).items
  await expect.poll(async () => (await failed()).length).toBe(1)
  const id = (await failed())[0]?.id ?? ''
  await page.clock.install()
  let reads = 0
  page.on('request', (request) => (reads += request.url().endsWith(`/api/runs/${id}`) ? 1 : 0))
  await page.goto(`/runs/${id}`)
  await expect(page.getByRole('heading', { name: 'orders failed' })).toBeVisible()
  await expect
    .poll(async () => {
      await page.clock.runFor(1_000)
      return reads
    })
    .toBe(3) // to be shown, and once changes of it, and of those of its workflow, would be told
  reads = 0
  await page.evaluate(() => {
    const heard: string[] = []
    Object.assign(window, { heard })
    new EventSource('/api/runs/stream').addEventListener('run', ({ data }) => heard.push((JSON.parse(data as string) as { id: string }).id))
  })
  await expect.poll(async () => {
    await server.hook('/later', {}) // until the page listens
    return page.evaluate(() => (window as unknown as { heard: string[] }).heard.length)
  }).toBeGreaterThan(2)
  await page.clock.runFor(9_000)
  expect(reads).toBe(0)

  receiver.on('/stock', 200)
  await server.api('POST', `/api/runs/${id}/retry`)
  await expect(page.getByRole('heading', { name: 'orders succeeded' })).toBeVisible()
  expect(reads).toBeGreaterThan(0)
})
