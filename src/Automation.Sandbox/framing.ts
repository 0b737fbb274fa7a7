// Frames, little endian: u32 length of what follows, u8 kind, body.
//
// to the program
//   1 load    u32 program, JSON { units: [Unit] }          no answer; compiled when first called
//   2 unload  u32 program                                  no answer
//   3 call    u32 program, u32 unit, u16 mask, then for each bit of the mask, low to high: u32 length, JSON text
//   4 check   JSON { units: [Unit] }                       compiles everything, runs nothing
// from the program
//   0 ready   at start, once
//   1 value   u32 length, log as JSON [[level, text]] (length 0: none), u32 length, state as JSON text (length 0: as it was), value as JSON text
//   2 error   u32 length, log, JSON { kind, message, … }
//   3 checked JSON [{ message, … }]
import { stdin, stdout } from "./host.ts";

export const Load = 1, Unload = 2, Call = 3, Check = 4;
export const Ready = 0, Value = 1, Failed = 2, Checked = 3;

const keep = 256 * 1024; // buffers larger than this are given back after use
const encoder = new TextEncoder();
const decoder = new TextDecoder();

let input = new Uint8Array(keep);
let view = new DataView(input.buffer);
let start = 0, end = 0;

/** One frame that came in; valid until the next is read. Reads its fields in order. */
export class Frame {
  constructor(readonly kind: number, private at: number, private readonly stop: number) {}

  u16(): number {
    this.at += 2;
    return view.getUint16(this.at - 2, true);
  }

  u32(): number {
    this.at += 4;
    return view.getUint32(this.at - 4, true);
  }

  text(length: number = this.stop - this.at): string {
    this.at += length;
    return decoder.decode(input.subarray(this.at - length, this.at));
  }
}

/** The next frame, waiting for it; null when standard input has ended. */
export function readFrame(): Frame | null {
  if (!fill(4)) return null;
  const length = view.getUint32(start, true);
  if (!fill(4 + length)) return null;
  const at = start + 4;
  start = at + length;
  return new Frame(input[at]!, at + 1, start);
}

function fill(wanted: number): boolean {
  if (end - start >= wanted) return true;
  if (start + wanted > input.length) {
    const wide = Math.max(wanted, keep);
    const next = wide === input.length ? input : new Uint8Array(wide);
    next.set(input.subarray(start, end));
    input = next;
    view = new DataView(input.buffer);
    end -= start;
    start = 0;
  }
  while (end - start < wanted) {
    const got = stdin.readSync(input.subarray(end));
    if (!got) return false;
    end += got;
  }
  return true;
}

let output = new Uint8Array(keep);

/** Writes one answer at once (0.7 µs): the first call without an answer is always the one that is running. */
export function writeFrame(kind: number, log: string | undefined, body: string, state?: string): void {
  const room = 13 + 3 * ((log?.length ?? 0) + (state?.length ?? 0) + body.length);
  if (room > output.length) output = new Uint8Array(room);
  const out = new DataView(output.buffer);
  let at = 5;
  output[4] = kind;
  if (kind === Value || kind === Failed) {
    const logBytes = log === undefined ? 0 : encoder.encodeInto(log, output.subarray(9)).written;
    out.setUint32(5, logBytes, true);
    at = 9 + logBytes;
  }
  if (kind === Value) {
    const stateBytes = state === undefined ? 0 : encoder.encodeInto(state, output.subarray(at + 4)).written;
    out.setUint32(at, stateBytes, true);
    at += 4 + stateBytes;
  }
  at += encoder.encodeInto(body, output.subarray(at)).written;
  out.setUint32(0, at - 4, true);
  for (let done = 0; done < at;) done += stdout.writeSync(output.subarray(done, at));
  if (output.length > keep) output = new Uint8Array(keep);
}

/** Bytes of a text as UTF-8; only its order against `limit` matters. */
export function longerThan(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  if (text.length * 3 <= limit) return false;
  return encoder.encode(text).length > limit;
}
