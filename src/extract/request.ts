/** One request as the router logged it; one object is used again and again. */
export interface Request {
  bytes: Uint8Array
  /** Milliseconds since 1970. */
  time: number
  /** Index into METHODS. */
  method: number
  pathStart: number
  /** Without the query; what follows it is never looked at. */
  pathEnd: number
  dynoStart: number
  dynoEnd: number
  /** Whole milliseconds; -1 when the router logged none. */
  connect: number
  service: number
  /** Whether it is a session (status 101, or a route of STREAMS), whose time is no response time. */
  isSession: boolean
  /** The time of a session, which has no service time; else -1. */
  session: number
  /** Body size in bytes; -1 when the router logged none. */
  size: number
  /** 0 when the router logged none (H24). */
  status: number
  /** The number in `code=Hnn`, 0 without one. */
  code: number
  /** Whether `at=info`, where a code is a notice (H80 maintenance). */
  info: boolean
  /** Whether `at=warning`: the client's fault (H27, H28). */
  warning: boolean
  /** The route template; filled in by the extractor. */
  route: string
}

/** RFC 9110 and RFC 5789; anything else that a client sends is OTHER. */
export const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'OTHER',
] as const

export function createRequest(): Request {
  return {
    bytes: new Uint8Array(0),
    time: 0,
    method: 0,
    pathStart: 0,
    pathEnd: 0,
    dynoStart: 0,
    dynoEnd: 0,
    connect: -1,
    service: -1,
    isSession: false,
    session: -1,
    size: -1,
    status: 0,
    code: 0,
    info: true,
    warning: false,
    route: '',
  }
}

/** Whether the router reports a code that counts; H80 and the like are notices. */
export function hasErrorCode(request: Request): boolean {
  return request.code > 0 && !request.info
}

/**
 * The one definition of a failed request. A code decides by its level: those of `at=warning` and
 * `at=info` aren't failures, whatever the status. Without a code the status decides.
 */
export function isFailed({ code, info, warning, status }: Request): boolean {
  return code > 0 ? !info && !warning : status >= 500
}

/** `H12`, or the empty string. */
export function codeText(request: Request): string {
  return request.code === 0 ? '' : `H${String(request.code).padStart(2, '0')}`
}

export function statusText(request: Request): string {
  return request.status === 0 ? 'none' : String(request.status)
}
