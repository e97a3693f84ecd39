import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBodyRoom } from '../../src/receive/body-room.ts'

test('bodies that do not fit wait for their turn', async () => {
  const room = createBodyRoom({ limit: 10, waitMs: 60_000 })
  const entered: string[] = []
  const enter = async (name: string, bytes: number) => {
    const leave = await room.enter(bytes)
    entered.push(name)
    return leave!
  }
  const first = await enter('first', 6)
  const second = await enter('second', 4)
  const third = enter('third', 8)
  const small = enter('small', 1)
  await setImmediate()
  expect(entered).toEqual(['first', 'second'])
  second()
  second()
  await setImmediate()
  expect(entered).toEqual(['first', 'second'])
  first()
  await third
  await small
  expect(entered).toEqual(['first', 'second', 'third', 'small'])
})

test('a body larger than all room goes alone', async () => {
  const room = createBodyRoom({ limit: 10, waitMs: 60_000 })
  const leave = await room.enter(11)
  const next = room.enter(1)
  leave!()
  expect(await next).toBeTypeOf('function')
})

test('who waits too long gets no room, and takes none', async () => {
  const room = createBodyRoom({ limit: 10, waitMs: 5 })
  const leave = await room.enter(10)
  expect(await room.enter(1)).toBeUndefined()
  leave!()
  expect(await room.enter(10)).toBeTypeOf('function')
})
