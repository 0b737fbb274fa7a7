// Reads a frame, does it, answers it; ends when standard input ends. Everything is synchronous: one call runs at a time, and
// its promises are run to their end before the next. Arguments: largest result in bytes, log lines, log characters.
import { call, check, told } from "./calls.ts";
import { Call, Check, Checked, Frame, Load, readFrame, Ready, Unload, writeFrame } from "./framing.ts";
import { args, nextTurn, removePowers } from "./host.ts";
import { Program } from "./programs.ts";
import { Unit } from "./compile.ts";

const [outputBytes = 1_048_576, logLines = 100, logChars = 16_384] = args.map(Number);
const limits = { logLines, logChars };
const callsPerTurn = 4096; // the runtime keeps unhandled rejections until the loop turns

const waiting = new Map<number, Unit[]>();
const programs = new Map<number, Program>();

function programOf(number: number): Program | undefined {
  const units = waiting.get(number);
  if (units) {
    waiting.delete(number);
    programs.set(number, new Program(units, limits));
  }
  return programs.get(number);
}

function turn(): void {
  for (let calls = 0; calls < callsPerTurn; calls++) {
    const frame = readFrame();
    if (!frame) return;
    if (frame.kind === Check) return checkThenTurn(frame);
    handle(frame);
  }
  nextTurn(turn);
}

function handle(frame: Frame): void {
  const number = frame.u32();
  if (frame.kind === Call) call(programOf(number), frame, outputBytes);
  else if (frame.kind === Load) waiting.set(number, JSON.parse(frame.text()).units);
  else if (frame.kind === Unload && !waiting.delete(number)) programs.delete(number);
}

// The only work that needs the event loop. Promises of scripts can be run to their end only outside of a promise: nextTurn.
function checkThenTurn(frame: Frame): void {
  const program = new Program(JSON.parse(frame.text()).units, limits);
  check(program).then((found) => {
    writeFrame(Checked, undefined, told(found));
    nextTurn(turn);
  });
}

removePowers();
writeFrame(Ready, undefined, "");
turn();
