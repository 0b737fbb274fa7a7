import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { schemes } from './schemes'

const page = readFileSync(new URL('../../../../../../docs/webhooks.md', import.meta.url), 'utf8')
const rows = [...page.slice(page.indexOf('## Schemes'), page.indexOf('## Handshakes')).matchAll(/^\| `([\w-]+)` \|.*\|(.*)\|$/gm)]

test('there is a form for each scheme that the documentation has', () => {
  expect(schemes.map((scheme) => scheme.name).sort()).toEqual(rows.map(([, name]) => name).sort())
})

test('a form has the options that the documentation gives the scheme', () => {
  for (const [, name, options] of rows) {
    const documented = [...(options ?? '').matchAll(/`([a-zA-Z]+)`/g)].map(([, option]) => option ?? '')
    const own = schemes.find((scheme) => scheme.name === name)?.takes.filter((option) => option !== 'replayWindow') ?? []
    expect(documented, `options of ${name}`).toEqual(expect.arrayContaining([...own]))
  }
})
