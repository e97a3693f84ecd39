import { expect, test } from 'vitest'
import { parseTags, tagsText } from '../../src/receive/drain-tags.ts'

test.each([
  ['env:prod,team:web', 'env:prod,team:web'],
  [' team:web , env:prod,', 'env:prod,team:web'],
  ['env:a,env:b', 'env:b'],
  ['url:http://x/y', 'url:http://x/y'],
  ['canary', 'canary:true'],
  ['__proto__:x', '__proto__:x'],
  ['', ''],
])('%j are the tags %j', (text, tags) => {
  expect(tagsText(parseTags(text)!)).toBe(tags)
  expect(tagsText(parseTags(tags)!)).toBe(tags)
})

test.each([
  '1:x',
  'a b:x',
  'a:',
  ':x',
  'a:b c',
  `a:${'x'.repeat(65)}`,
  'ä:x',
  'a:1,b:2,c:3,d:4,e:5,f:6,g:7,h:8,i:9',
])('%j are none', (text) => {
  expect(parseTags(text)).toBeUndefined()
})
