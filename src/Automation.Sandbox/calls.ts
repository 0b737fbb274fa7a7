// One call of one unit: arguments, result, log, and the words for what went wrong.
import { compileExpression, compileFunction, compileModule, Place, placeByLoader, Problem, Thrown, Unit } from "./compile.ts";
import { Failed, Frame, longerThan, Value, writeFrame } from "./framing.ts";
import { runMicrotasks } from "./host.ts";
import { file, Program } from "./programs.ts";
import { checkSchema, Schema } from "./schemas.ts";

/** What is said of an error; `stack` names only the author's scripts. */
interface Trouble {
  kind?: "script" | "outputTooLarge";
  message: string;
  unit?: string;
  script?: string;
  line?: number;
  column?: number;
  pointer?: string;
  stack?: string;
}

/** Runs the unit and writes the one answer. */
export function call(program: Program | undefined, frame: Frame, outputBytes: number): void {
  const index = frame.u32();
  const unit = program?.units[index];
  if (!program || !unit) return writeFrame(Failed, undefined, JSON.stringify({ message: "The unit is not loaded." }));

  const { realm } = program;
  const scope: (string | undefined)[] = [];
  for (let mask = frame.u16(); mask !== 0; mask >>= 1) scope.push(mask & 1 ? frame.text(frame.u32()) : undefined);

  if (unit.kind === "schema") return validate(program, index, unit, scope[1] ?? "null");

  let problem: Trouble | undefined;
  try {
    const fn = program.function(index);
    if (unit.kind === "expressions") realm.evaluate(fn, ...scope);
    else realm.run(fn, unit.kind === "module", ...scope);
  } catch (error) {
    if (error instanceof Thrown) realm.fail(error.reason);
    else problem = troubleOf(error instanceof Problem ? error : new Problem(String(error), null), unit);
  }
  runMicrotasks(); // also what a script started and did not wait for: it must not run in the next call

  let result = problem ? undefined : realm.result();
  if (result === undefined && !problem) problem = { message: "The script's promise never settles: nothing is left to run that could settle it.", script: unit.name };
  if (result === -1) {
    problem = thrown(JSON.parse(realm.error()), program, index);
    runMicrotasks(); // getters of the error may have started something too
  }
  const state = typeof result === "string" ? realm.state() : undefined;
  for (const [what, text] of [["result", result], ["state", state]]) {
    if (typeof text === "string" && longerThan(text, outputBytes)) problem ??= { kind: "outputTooLarge", message: `The ${what} is larger than ${outputBytes} bytes.`, script: unit.name };
  }
  if (problem) writeFrame(Failed, program.takeLog(), told(problem));
  else writeFrame(Value, program.takeLog(), result as string, state);
}

// The input is the value; the result lists what is wrong with it.
function validate(program: Program, index: number, unit: Unit, value: string): void {
  let errors: string;
  try {
    errors = (program.function(index) as Schema)(value);
  } catch (error) {
    return writeFrame(Failed, undefined, told(troubleOf(error instanceof Problem ? error : new Problem(String(error), null), unit)));
  }
  writeFrame(Value, undefined, errors.toWellFormed());
}

/** The trouble as JSON whose texts are whole: half of a surrogate pair, as of an emoji that a script cut, is no text to the server. */
export function told(trouble: Trouble | Trouble[]): string {
  return JSON.stringify(trouble, (_, value) => typeof value === "string" ? value.toWellFormed() : value);
}

function thrown(error: { message: string; name: string; stack: string; index: number }, program: Program, index: number): Trouble {
  const unit = program.units[index]!;
  let place: Place | undefined, stack = "";
  for (const [, where, of, line, column] of error.stack.matchAll(/^ {4}at (.*?)\(?(unit:\d+(?:\/\d+)?):(\d+):(\d+)\)?$/gm)) {
    const own = of === file(index) || of === file(index, error.index);
    if (own) place ??= { line: Number(line), column: Number(column) };
    const at = `${nameOf(of!, program)}:${line}:${column}`;
    stack += `\n    at ${where!.trim() === "" ? at : `${where!.trim()} (${at})`}`;
  }
  let { message } = error;
  if (message === "A dynamic import callback was not specified.") {
    message = "import() is not available; everything a script needs has to be in its own file.";
    place = placeOfImport(unit.code) ?? place; // V8 tells where the function begins
    stack = "";
  }
  return {
    message,
    script: unit.name,
    ...place,
    pointer: unit.expressions?.[error.index]?.pointer,
    stack: error.name === "" ? undefined : `${error.name}: ${message}${stack}`,
  };
}

function placeOfImport(code = ""): Place | undefined {
  const before = code.split(/\bimport\s*\(/, 1)[0]!.split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

function nameOf(of: string, program: Program): string {
  const [unit, expression] = of.slice(5).split("/");
  const named = program.units[Number(unit)];
  return named?.name ?? (expression === undefined ? undefined : named?.expressions?.[Number(expression)]?.pointer) ?? "script";
}

function troubleOf(problem: Problem, unit: Unit, expression = (problem as { expression?: number }).expression): Trouble {
  return { message: problem.message, unit: unit.id, script: unit.name, ...problem.place, pointer: expression === undefined ? problem.pointer : unit.expressions?.[expression]?.pointer };
}

/** What is wrong with the texts of a program, one for each unit or expression; nothing of it runs. */
export async function check(program: Program): Promise<Trouble[]> {
  const found: { problem: Problem; unit: Unit; code: string; expression?: number }[] = [];
  program.units.forEach((unit, index) =>
    (unit.expressions ?? [{ code: unit.code! }]).forEach(({ code }, k) => {
      try {
        if (unit.kind === "module") compileModule(code, file(index), program.context);
        else if (unit.kind === "schema") checkSchema(code);
        else if (unit.kind === "function") compileFunction(code, file(index));
        else compileExpression(code, file(index, k));
      } catch (error) {
        const problem = error instanceof Problem ? error : new Problem(String((error as Error)?.message ?? error), null);
        found.push({ problem, unit, code, expression: unit.expressions && k });
      }
    })
  );
  const troubles: Trouble[] = [];
  for (const { problem, unit, code, expression } of found) {
    troubles.push(troubleOf(problem.untranslated ? await placeByLoader(code) ?? problem : problem, unit, expression));
  }
  return troubles;
}
