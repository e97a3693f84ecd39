import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type BodyRoom, type Leave, createBodyRoom } from '../../src/receive/in-flight.ts'

/** A room that notes who came in, in order. */
function watchedRoom(limit: number, appLimit: number) {
  const room = createBodyRoom({ limit, appLimit, waitMs: 60_000 })
  const entered: string[] = []
  const enter = async (name: string, bytes: number, app = name) => {
    const leave = await enterRoom(room, app, bytes)
    entered.push(name)
    return leave!
  }
  return { enter, entered }
}

function enterRoom(room: BodyRoom, app: string, bytes: number): Promise<Leave | undefined> {
  return new Promise((resolve) => room.enter(app, bytes, resolve))
}

test('bodies that do not fit wait for their turn', async () => {
  const { enter, entered } = watchedRoom(10, 10)
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

test('an app that has taken its share waits for itself, and nobody waits for it', async () => {
  const { enter, entered } = watchedRoom(10, 4)
  const leave = await enter('a1', 3, 'a')
  const next = enter('a2', 2, 'a')
  await enter('b1', 4, 'b')
  await setImmediate()
  expect(entered).toEqual(['a1', 'b1'])
  leave()
  await next
  expect(entered).toEqual(['a1', 'b1', 'a2'])
})

test('a body larger than all room goes alone', async () => {
  const { enter, entered } = watchedRoom(10, 5)
  const leave = await enter('large', 11)
  const next = enter('next', 1)
  await setImmediate()
  expect(entered).toEqual(['large'])
  leave()
  await next
})

test('who waits too long gets no room, and takes none', async () => {
  const room = createBodyRoom({ limit: 10, appLimit: 10, waitMs: 5 })
  const leave = await enterRoom(room, 'a', 10)
  expect(await enterRoom(room, 'b', 1)).toBeUndefined()
  leave!()
  expect(await enterRoom(room, 'b', 10)).toBeTypeOf('function')
})
