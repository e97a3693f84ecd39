/** DATA_DIR can't be used; the message says why and what to do. */
export class DataFolderError extends Error {
  override name = 'DataFolderError'
}
