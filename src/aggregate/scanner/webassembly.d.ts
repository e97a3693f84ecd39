// The part of the WebAssembly JavaScript interface that is used here; TypeScript has it only with the DOM's types.
declare namespace WebAssembly {
  interface Global {
    readonly value: unknown
  }
  interface Memory {
    readonly buffer: ArrayBuffer
  }
  const Module: new (bytes: Uint8Array) => object
  const Instance: new (module: object) => { readonly exports: object }
}
