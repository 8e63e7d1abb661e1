/**
 * How far a compressed batch may inflate. Brokers bound what is stored, not what becomes of it: a megabyte of gzip makes a gigabyte, which is
 * the end of a process, and of each one that takes the partition over.
 */
import { promisify } from 'node:util'
import { unzip } from 'node:zlib'
import { runtimeError } from '../../errors.ts'
import type { RekindleError } from '../../errors.ts'

/** Batches of text take a tenth to a thirtieth of this by brokers' own bound of a megabyte. */
export const MOST_INFLATED_BYTES = 128 * 1024 * 1024

const unzipped = promisify(unzip)

/** Reads what is compressed with gzip. Throws E_BATCH_TOO_LARGE. */
export async function readGzip(bytes: Buffer, mostBytes = MOST_INFLATED_BYTES): Promise<Buffer> {
  try {
    return await unzipped(bytes, { maxOutputLength: mostBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw inflatesTooFar('gzip', mostBytes)
    throw error
  }
}

/** Without a cause: whoever looks for the root of an error shall find this one. */
export function inflatesTooFar(codec: string, mostBytes: number): RekindleError {
  return runtimeError('E_BATCH_TOO_LARGE', `A fetched batch, compressed with ${codec}, has more than ${mostBytes} bytes.`)
}
