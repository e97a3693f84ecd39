/**
 * ioredis 6 has a class that extends String (VerbatimString). In V8 (Node 20 to 24) that leaves
 * String.prototype in its slow form: from the import on each `charCodeAt` in a loop takes five to ten
 * times longer, in all of the process. Reading a method through an object that inherits from it, often
 * enough for V8 to take notice, brings the fast form back.
 */
export function restoreFastStrings(): void {
  const inheritor = Object.create(String.prototype) as Methods
  for (let i = 0; i < READS; i += 1) readMethod(inheritor)
}

type Methods = Readonly<Record<string, unknown>>

const READS = 100

function readMethod(text: Methods): unknown {
  return text['charCodeAt']
}
