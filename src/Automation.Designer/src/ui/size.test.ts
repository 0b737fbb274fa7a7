import { expect, test } from 'vitest'
import { bytes } from './size'

test('a size is said with its unit', () => {
  expect(bytes(0)).toBe('0 B')
  expect(bytes(812)).toBe('812 B')
  expect(bytes(3481)).toBe('3.4 KB')
  expect(bytes(5 * 1024 * 1024)).toBe('5.0 MB')
})
