/** A request that can't be taken as it is; the message is for whoever sent it. */
export class RequestError extends Error {
  override name = 'RequestError'
  readonly statusCode: number

  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}
