import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { canonicalText } from './canonical'
import type { JsonObject } from './json'
import { JsonError, parseJson } from './json-text'
import { layoutText, readLayout } from './layout-file'
import { testCatalog } from './test-catalog'

const catalog = testCatalog()
const folder = '../../workflows'
const format = (text: string) => canonicalText(parseJson(text).value, catalog)

describe('round trip', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.schema.json') && !name.endsWith('.tests.json'))
  test.each(files)('%s is written as it was read', (name) => {
    const text = readFileSync(`${folder}/${name}`, 'utf8')
    expect(format(text)).toBe(text)
  })

  test('there are files to try', () => expect(files.length).toBeGreaterThan(8))
})

describe('canonical text', () => {
  test('puts names into the order of the format, unknown ones last, and keeps what authors name', () => {
    const text = format('{"steps":{"b":{"next":"a","retry":{"jitter":0,"attempts":2},"url":"x","mystery":1,"type":"webhook.send","headers":{"Z":"1","A":"2"}},"a":{"type":"stop"}},"odd":true,"name":"N"}')
    expect(text).toBe(`{
  "name": "N",
  "steps": {
    "b": {
      "type": "webhook.send",
      "url": "x",
      "headers": { "Z": "1", "A": "2" },
      "retry": { "attempts": 2, "jitter": 0 },
      "next": "a",
      "mystery": 1
    },
    "a": {
      "type": "stop"
    }
  },
  "odd": true
}
`)
  })

  test('keeps numbers as they are written', () => expect(format('{"steps":{"a":{"type":"set","values":{"a":1.0,"b":1e3,"c":12345678901234567890}}}}')).toContain('{ "a": 1.0, "b": 1e3, "c": 12345678901234567890 }'))

  test('keeps the order of names that look like numbers', () => expect(format('{"steps":{"a":{"type":"switch","cases":{"10":1,"2":2,"b":3}}}}')).toContain('"cases": { "10": 1, "2": 2, "b": 3 }'))

  test('keeps the fields of a connector as they stand', () => expect(format('{"steps":{"a":{"text":"hello","channel":"#a","type":"slack.message"}}}')).toMatch(/"type".*"text".*"channel"/s))

  test('breaks a line that would have more than 100 characters', () => {
    const value = 'x'.repeat(72)
    expect(format(`{"steps":{"a":{"type":"set","values":{"v":"${value}"}}}}`)).toContain(`"values": { "v": "${value}" }`)
    expect(format(`{"steps":{"a":{"type":"set","values":{"v":"${value}y"}}}}`)).toContain(`"values": {\n        "v": "${value}y"\n      }`)
  })

  test('escapes only what has to be', () => expect(format('{"name":"\\u00e9\\/\\u2028\\n\\u0001"}')).toBe('{\n  "name": "é/\u2028\\n\\u0001"\n}\n'))

  test('takes anything that is JSON', () => expect(format('[1,{"a":[]}]')).toBe('[\n  1,\n  { "a": [] }\n]\n'.replace('{ "a": [] }', '{\n    "a": []\n  }')))
})

describe('reading JSON', () => {
  test.each([
    ['{"a":1,}', 1, 8],
    ['{\n  "a" 1\n}', 2, 7],
    ['{"a":1,"a":2}', 1, 8],
    ['[1 2]', 1, 4],
    ['{"a":tru}', 1, 6],
    ['"a\nb"', 1, 1],
    ['', 1, 1],
    ['01', 1, 2],
    ['{} x', 1, 4],
  ])('%j is refused at its line and column', (text, line, column) => {
    try {
      parseJson(text)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(JsonError)
      expect(error).toMatchObject({ line, column })
    }
  })

  test('every incomplete prefix is refused', () => {
    const text = '{"a":[1.5,true,null,"x\\n"],"b":{}}'
    for (let length = 0; length < text.length; length++) expect(() => parseJson(text.slice(0, length)), text.slice(0, length)).toThrow(JsonError)
  })

  test('says where values stand', () => {
    const text = '{ "a": { "b/c": [10, 20] } }'
    const place = parseJson(text).places.get('/a/b~1c/1')
    expect(text.slice(place?.from, place?.to)).toBe('20')
  })

  test('a name __proto__ is a name', () => expect(format('{"__proto__":{"a":1}}')).toContain('"__proto__"'))
})

describe('layout file', () => {
  test('is read back as it was written', () => {
    const layout = { steps: { a: { x: 1, y: -2 } }, triggers: {}, notes: { note: { x: 0, y: 0, width: 10, height: 20, text: 'Hi' } }, collapsed: ['a'] }
    const text = layoutText(layout)
    expect(text).toContain('"a": { "x": 1, "y": -2 }')
    expect(readLayout(text ?? '')).toEqual(layout)
  })

  test('is no file when there is nothing to say', () => expect(layoutText(readLayout('nonsense'))).toBeNull())
})

test('parsed objects are plain', () => expect(Object.getPrototypeOf(parseJson('{"a":1}').value as JsonObject)).toBe(Object.prototype))
