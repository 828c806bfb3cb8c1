/** A log that never grows beyond its size. */
export interface LogFile {
  write(text: string): void;
  close(): void;
}
